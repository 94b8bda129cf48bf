import type { Pause } from "./pause.ts";

/** Bytes in parts, one after the other. Shared memory: never changed, never copied. */
export type Parts = readonly Uint8Array<ArrayBuffer>[];

const ENCODER = new TextEncoder();
const EVENT_END = ENCODER.encode("\n\n");

/**
 * Returns the total length of parts.
 *
 * @param parts The parts.
 * @returns The length: bytes.
 */
export function lengthOf(parts: Parts): number {
  return parts.reduce((length, part) => length + part.length, 0);
}

/**
 * Frames one server-sent event (WHATWG HTML, "Server-sent events"): `event: <name>`, `data: <data>` and an empty line, with the
 * space after each colon that the Relay Proxy writes. No `id:` and no `retry:`, which LaunchDarkly's streams do not use.
 *
 * @param event Name of the event, e.g. `put`.
 * @param data One line of data, usually JSON without whitespace: a text, or parts of UTF-8.
 * @returns The event: one part for a text; for parts, the same ones between a head and an end.
 */
export function encodeEvent(event: string, data: string | Parts): Parts {
  const head = `event: ${event}\ndata: `;
  return typeof data === "string"
    ? [ENCODER.encode(`${head}${data}\n\n`)]
    : [ENCODER.encode(head), ...data, EVENT_END];
}

/**
 * Frames several server-sent events, one after the other.
 *
 * @param events Name and data of each.
 * @param maxBytes Maximum length of all together: bytes.
 * @param pause Called between events.
 * @returns The events, or `undefined` when they would be longer than that.
 */
export async function encodeEvents(
  events: Iterable<[event: string, data: string | Parts]>,
  maxBytes: number,
  pause: Pause,
): Promise<Parts | undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (const [event, data] of events) {
    await pause();
    const framed = encodeEvent(event, data);
    length += lengthOf(framed);
    if (length > maxBytes) return undefined;
    parts.push(...framed);
  }
  return parts;
}
