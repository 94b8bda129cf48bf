import { concat } from "../../lib/wire/mod.ts";

/** What a test wants to see in an entry's header; everything else is as GNU tar's ustar format has it. */
export interface EntryFields {
  name?: string | Uint8Array;
  content?: string | Uint8Array;
  type?: string;
  /** The size field as it is; by default the content's length in octal. */
  size?: string | Uint8Array;
  prefix?: string;
  /** Magic and version. */
  magic?: string;
  /** The checksum field as it is; by default the right one. */
  checksum?: string;
  /** What follows the content up to the end of its block. */
  padding?: number;
}

/** Writes an entry: header, content, padding. Written for tests alone, so that reader and writer cannot agree on a mistake. */
export function entry(fields: EntryFields): Uint8Array<ArrayBuffer> {
  const { name = "a.txt", type = "0", prefix = "", magic = "ustar\x0000", padding = 0 } = fields;
  const content = toBytes(fields.content ?? "");
  const header = new Uint8Array(512);
  header.set(toBytes(name), 0);
  header.set(toBytes("0000644\x000001750\x000001750\x00"), 100);
  header.set(toBytes(fields.size ?? content.length.toString(8).padStart(11, "0") + "\0"), 124);
  header.set(toBytes("14371573170\0" + " ".repeat(8) + type), 136);
  header.set(toBytes(magic), 257);
  header.set(toBytes(prefix), 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(toBytes(fields.checksum ?? sum.toString(8).padStart(6, "0") + "\0 "), 148);
  return concat([header, content, new Uint8Array((512 - content.length % 512) % 512).fill(padding)]);
}

/** Writes a PAX header. */
export function pax(type: "x" | "g", ...records: [key: string, value: string][]): Uint8Array<ArrayBuffer> {
  const content = records.map(([key, value]) => {
    const tail = toBytes(` ${key}=${value}\n`).length;
    let length = tail + 1;
    while (length !== tail + `${length}`.length) length = tail + `${length}`.length;
    return `${length} ${key}=${value}\n`;
  });
  return entry({ name: "PaxHeader/a", type, content: content.join("") });
}

/** Joins entries and ends the tar with two blocks of zeros. */
export function tar(...entries: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concat([...entries, new Uint8Array(1024)]);
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
