/** Types of frames (RFC 9113, 6). */
export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE] = [0, 1, 3, 4, 6, 7, 8];

/** Flags of frames; END_STREAM is ACK in settings and pings. */
export const [END_STREAM, END_HEADERS, PADDED, PRIORITY] = [1, 4, 8, 32];

/** Statuses in HPACK's static table (RFC 7541, appendix A). */
const STATUSES = new Map([[8, 200], [9, 204], [10, 206], [11, 304], [12, 400], [13, 404], [14, 500]]);

/** A frame. */
export interface Frame {
  /** Its type. */
  type: number;
  /** Its flags. */
  flags: number;
  /** Stream that it belongs to; 0 for the connection. */
  id: number;
  /** The rest. */
  payload: Uint8Array<ArrayBuffer>;
}

/** Reads frame after frame, to the end of the connection. */
export async function* readFrames(connection: Deno.Conn): AsyncGenerator<Frame, void> {
  const buffer = new Uint8Array(64 * 1024);
  let length = 0;
  for (let read; (read = await connection.read(buffer.subarray(length))) !== null;) {
    length += read;
    let at = 0;
    while (at + 9 <= length) {
      const view = new DataView(buffer.buffer, at);
      const end = at + 9 + (view.getUint32(0) >>> 8);
      if (end > length) break;
      const payload = buffer.slice(at + 9, end);
      yield { type: view.getUint8(3), flags: view.getUint8(4), id: view.getUint32(5), payload };
      at = end;
    }
    buffer.copyWithin(0, at, length);
    length -= at;
  }
}

/** Encodes a frame. */
export function encodeFrame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(9 + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length << 8 | type);
  view.setUint8(4, flags);
  view.setUint32(5, id);
  frame.set(payload, 9);
  return frame;
}

/** Encodes a number of four bytes. */
export function encodeNumber(number: number): Uint8Array {
  return new Uint8Array([number >>> 24, number >>> 16, number >>> 8, number]);
}

/** Encodes fields as literals that no table keeps (RFC 7541, 6.2.2). */
export function encodeHeaders(fields: Record<string, string>): Uint8Array {
  return new Uint8Array(
    Object.entries(fields).flatMap((texts) => [
      0,
      ...texts.flatMap((text) => [...encodeLength(text.length), ...new TextEncoder().encode(text)]),
    ]),
  );
}

/** An integer with a prefix of seven bits (RFC 7541, 5.1). */
function encodeLength(length: number): number[] {
  if (length < 127) return [length];
  const octets = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>= 7) octets.push(rest & 127 | 128);
  return [...octets, rest];
}

/** The status, which comes first. 0 for one that is not in the static table: none of those that are hoped for. */
export function readStatus(block: Uint8Array): number {
  // Updates of the table's size come before.
  const first = block.find((octet) => octet >> 5 !== 1) ?? 0;
  return first & 128 ? STATUSES.get(first & 127) ?? 0 : 0;
}
