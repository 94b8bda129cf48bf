import { ArchiveError } from "./archive_error.ts";
import { quote } from "./_names.ts";

/** Unit of a tar: bytes. A header is one block; content is padded to whole blocks. */
export const BLOCK = 512;

/** Fields of an entry's header that matter. */
export interface Header {
  /** Path of the entry. */
  path: string;
  /** Type flag: one character. */
  type: string;
  /** Length of the content: bytes. */
  size: number;
}

/** Position of the mode in a header: bytes. It is the first field after the name, which has 100 bytes. */
const MODE = { start: 100, end: 108 };

/** Position of the magic `ustar` in a header of ustar, GNU or PAX: bytes. */
const MAGIC = { start: 257, end: 262 };

/**
 * Reports whether the bytes start like a tar, intact, damaged or cut off.
 *
 * @param bytes The first bytes of a file.
 * @returns Whether they are a header with a right checksum, magic or mode, or a part of its name and the zeros after it,
 * or nothing but zeros, which is a tar without entries.
 */
export function looksLikeHeader(bytes: Uint8Array): boolean {
  const block = bytes.subarray(0, BLOCK);
  if (isHeader(block)) return true;
  const name = new TextDecoder("latin1").decode(block.subarray(0, MODE.start));
  if (!/^\P{Cc}*\0+$/u.test(name)) return false;
  return block.length <= MODE.end || readOctal(block.subarray(MODE.start, MODE.end)) !== undefined ||
    block.every((byte) => byte === 0);
}

/** Reports whether a block has a header's checksum or magic. */
function isHeader(block: Uint8Array): boolean {
  return readText(block.subarray(MAGIC.start, MAGIC.end)) === "ustar" ||
    block.length === BLOCK && readOctal(block.subarray(148, 156)) === sum(block);
}

/**
 * Reads a header of any dialect: v7, ustar, GNU. Only ustar has a prefix to the name.
 *
 * @param block The header.
 * @param offset Its offset in the tar: bytes.
 * @returns Its fields that matter.
 * @throws {ArchiveError} When the checksum is wrong, the size no plain octal number or the name not UTF-8.
 */
export function readHeader(block: Uint8Array, offset: number): Header {
  if (readOctal(block.subarray(148, 156)) !== sum(block)) {
    throw new ArchiveError("tar-header", `tar header at byte ${offset} is damaged`);
  }
  const prefix = readText(block.subarray(257, 263)) === "ustar" ? readText(block.subarray(345, 500)) : "";
  const name = readText(block.subarray(0, 100));
  if (name === undefined || prefix === undefined) {
    throw new ArchiveError("entry-name", "an entry has a name that is not UTF-8");
  }
  const path = prefix === "" ? name : `${prefix}/${name}`;
  const size = readOctal(block.subarray(124, 136));
  if (size === undefined) {
    throw new ArchiveError("tar-header", `entry ${quote(path)} has a size that is not an octal number`, {
      entry: path,
    });
  }
  return { path, type: String.fromCharCode(block[156]!), size };
}

/**
 * Writes the plainest ustar header of a file, which every library reads alike.
 *
 * @param name Name of the file: at most 100 bytes.
 * @param size Length of the content: bytes.
 * @returns One block.
 */
export function writeHeader(name: string, size: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();
  function write(offset: number, text: string): void {
    encoder.encodeInto(text, block.subarray(offset));
  }
  write(0, name);
  write(100, "0000644\0" + "0000000\0" + "0000000\0"); // mode, owner, group
  write(124, `${octal(size, 11)}\0${octal(0, 11)}\0`); // size, time
  write(156, "0");
  write(257, "ustar\0" + "00");
  write(148, `${octal(sum(block), 6)}\0 `);
  return block;
}

/** The sum of a header's bytes, its checksum field counted as spaces. */
function sum(block: Uint8Array): number {
  let total = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) total += i >= 148 && i < 156 ? 0 : block[i]!;
  return total;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function readOctal(field: Uint8Array): number | undefined {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(new TextDecoder("latin1").decode(field))?.[1];
  return digits === undefined ? undefined : parseInt(digits, 8);
}

/** Reads up to the first NUL; `undefined` if that is not UTF-8. */
function readText(field: Uint8Array): string | undefined {
  const end = field.indexOf(0);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      field.subarray(0, end < 0 ? field.length : end),
    );
  } catch {
    return undefined;
  }
}
