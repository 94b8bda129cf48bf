import { ArchiveError, type ArchiveReason } from "./archive_error.ts";
import { BLOCK, readHeader } from "./_header.ts";
import { MAX_ENTRIES, MAX_ENTRY_BYTES } from "./_limits.ts";
import { checkFileName, checkPath, foldCase, quote } from "./_names.ts";
import { checkPax } from "./_pax.ts";

/** Byte that an editor or a shell appends to a file. */
export const NEWLINE = 0x0a;

/** A file in a tar that belongs to an archive. */
export interface TarFile {
  /** Name. */
  name: string;
  /** Length: bytes. */
  size: number;
  /** Content, padded with zeros to whole blocks: a view into the tar. */
  blocks: Uint8Array;
}

const TYPES: Record<string, string> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "6": "a FIFO",
  "K": "a GNU long link name",
  "L": "a GNU long name",
  "S": "a sparse file",
};

/**
 * Walks the headers of a tar before any library sees it, and accounts for every byte.
 *
 * v7, ustar, GNU and PAX headers are accepted as long as they describe nothing but a file or a directory.
 * Directories, what macOS adds (`._*`), and files that do not belong to an archive are skipped. The two blocks of zeros
 * at the end may be missing: the archive's own checksum proves that it is complete. Zeros may follow (tapes, block
 * devices), or one newline.
 *
 * @param tar The whole tar.
 * @param maxEntryBytes Largest entry.
 * @returns The files named `checksum.md5` and `*.json`, in the order of the tar.
 * @throws {ArchiveError} When anything is not as an honest tool writes it.
 */
export function listFiles(tar: Uint8Array, maxEntryBytes: number = MAX_ENTRY_BYTES): TarFile[] {
  const files: TarFile[] = [];
  const names = new Map<string, string>();
  let offset = 0;
  let afterPax = false;
  for (let count = 1;; count++) {
    const block = tar.subarray(offset, offset + BLOCK);
    if (isZero(block)) break;
    if (block.length < BLOCK) break;
    if (count > MAX_ENTRIES) {
      throw new ArchiveError("too-many-entries", `it has more than ${MAX_ENTRIES} entries`);
    }
    const { path, type, size } = readHeader(block, offset);
    if (size > maxEntryBytes) throw refuse("entry-too-large", path, `has more than ${maxEntryBytes} bytes`);
    const start = offset + BLOCK;
    const end = start + Math.ceil(size / BLOCK) * BLOCK;
    if (end > tar.length) throw cutOff();
    if (!isZero(tar.subarray(start + size, end))) {
      throw refuse("trailing-data", path, "has data in its padding");
    }
    const isPax = type === "x" || type === "g";
    if (isPax) {
      if (afterPax) throw lonelyPax();
      checkPax(tar.subarray(start, start + size));
    } else if (isFile(type, path, size)) {
      const name = checkFileName(path);
      const twin = names.get(foldCase(name));
      if (twin !== undefined) throw refuse("duplicate-entry", path, `duplicates entry ${quote(twin)}`);
      names.set(foldCase(name), name);
      if (name === "checksum.md5" || name.endsWith(".json")) {
        files.push({ name, size, blocks: tar.subarray(start, end) });
      }
    }
    afterPax = type === "x";
    offset = end;
  }
  if (afterPax) throw lonelyPax();
  const rest = tar.subarray(offset);
  if (isZero(rest) || isNewline(rest)) return files;
  if (rest.length < BLOCK) throw cutOff();
  throw new ArchiveError("trailing-data", "something follows the end of the tar");
}

/** Reports whether there are whole blocks of zeros, if any, and a newline, which editors add to a file. */
function isNewline(rest: Uint8Array): boolean {
  return rest.length % BLOCK === 1 && rest.at(-1) === NEWLINE && isZero(rest.subarray(0, -1));
}

/** Reports whether an entry is a file, not one to skip. In the v7 dialect only the slash marks a directory. */
function isFile(type: string, path: string, size: number): boolean {
  const name = checkPath(path);
  const isRegular = type === "0" || type === "\0";
  if (!isRegular && type !== "5") {
    throw refuse("entry-type", path, `is ${TYPES[type] ?? `of type ${quote(type)}`}`);
  }
  if (isRegular && !path.endsWith("/")) return !name.startsWith("._");
  if (size !== 0) throw refuse("tar-header", path, "is a directory with content");
  return false;
}

/** Reports whether bytes, if there are any, are zeros. */
export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) return false;
  }
  return true;
}

function refuse(reason: ArchiveReason, path: string, problem: string): ArchiveError {
  return new ArchiveError(reason, `entry ${quote(path)} ${problem}`, { entry: path });
}

function cutOff(): ArchiveError {
  return new ArchiveError("truncated", "it ends in the middle of the tar");
}

function lonelyPax(): ArchiveError {
  return new ArchiveError("tar-header", "a PAX header has no entry to go with");
}
