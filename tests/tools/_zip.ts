import { crc32 } from "node:zlib";

/** A zip with one file, not compressed (APPNOTE 4.3). */
export function zip(name: string, content: Uint8Array): Uint8Array {
  const sizes = [crc32(content), content.length, content.length];
  const local = record(0x04034b50, [20, 0, 0, 0, 0], sizes, [name.length, 0], name);
  const central = record(
    0x02014b50,
    [20, 20, 0, 0, 0, 0],
    sizes,
    [name.length, 0, 0, 0, 0, 0, 0, 0, 0],
    name,
  );
  const start = local.length + content.length;
  const end = record(0x06054b50, [0, 0, 1, 1], [central.length, start], [0], "");
  return new Uint8Array([...local, ...content, ...central, ...end]);
}

function record(
  signature: number,
  before: number[],
  longs: number[],
  after: number[],
  text: string,
): number[] {
  const bytes = [signature].flatMap(long);
  bytes.push(...before.flatMap(short), ...longs.flatMap(long), ...after.flatMap(short));
  return [...bytes, ...new TextEncoder().encode(text)];
}

function short(value: number): number[] {
  return [value & 255, value >> 8 & 255];
}

function long(value: number): number[] {
  return [...short(value & 65535), ...short(value >>> 16)];
}
