import type { Clock, FileSystem } from "./platform.ts";
import { SourceError } from "./source_error.ts";

/** What `readSettled` needs. */
export interface ReadOptions {
  /** Path of the file. */
  path: string;
  /** Largest file that is read: bytes. */
  maxBytes: number;
  /** The file system. */
  fs: FileSystem;
  /** The clock. */
  clock: Clock;
  /** Ends the waiting. */
  signal: AbortSignal;
}

/** How long a file must rest before it is read, in ms: far longer than the pause between two writes of a copy. */
const REST_MS = 50;

/** Longest time that a file must rest before it is read. It doubles from 50 ms each time that the file turns out to be in motion: a copy over a network can pause. @limit ms: reading is given up until the next look */
const MAX_REST_MS = 3200;

/**
 * Tells whether two stats show no difference. `ctime` reveals a write that restored `mtime`; Deno gives it in whole
 * seconds.
 *
 * @param a One stat.
 * @param b The other, of the same path.
 * @returns Whether the path led to the same file in the same state.
 */
export function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size &&
    a.mtime?.getTime() === b.mtime?.getTime() && a.ctime?.getTime() === b.ctime?.getTime();
}

/**
 * Looks at the file without opening it: a named pipe would block.
 *
 * @param options Path, limit and file system.
 * @returns What a stat says of a regular file within the limit.
 * @throws {SourceError} When there is none.
 */
export async function statFile({ path, maxBytes, fs }: ReadOptions): Promise<Deno.FileInfo> {
  const info = await fs.stat(path).catch((error) => refuse(path, error));
  if (!info.isFile) {
    const detail = `it is ${info.isDirectory ? "a directory" : "no regular file"}`;
    throw new SourceError(detail, { path, reason: "not a file", hint: "name the archive itself" });
  }
  if (info.size > maxBytes) {
    const hint =
      "check that it is the archive, or raise the limit: MAX_ARCHIVE_SIZE or [OfflineMode] maxArchiveSize";
    throw new SourceError(`it has more than ${maxBytes} bytes`, { path, reason: "too big", hint });
  }
  return info;
}

/**
 * Reads the file once nobody is writing to it: it stayed the same for a while before and during the reading.
 *
 * @param options Path, limit, and what to read with.
 * @returns The bytes, and the stat that belongs to them.
 * @throws {SourceError} When there is nothing to read, or the file does not come to rest in about 6 s.
 */
export async function readSettled(
  options: ReadOptions,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; info: Deno.FileInfo }> {
  const { path, fs, clock, signal } = options;
  let info = await statFile(options);
  for (let rest = REST_MS; rest <= MAX_REST_MS; rest *= 2) {
    await clock.sleep(rest, signal);
    signal.throwIfAborted();
    const before = info;
    info = await statFile(options);
    if (!isSame(before, info)) continue;
    const bytes = await readBytes(fs, path, info.size).catch((error) => refuse(path, error));
    info = await statFile(options);
    if (isSame(before, info) && bytes.length === info.size) return { bytes, info };
  }
  const hint = "copy it to another name beside it, then rename it";
  throw new SourceError("it keeps changing", { path, reason: "changing", hint });
}

/** Reads the first `size` bytes, or fewer where the file ends. */
async function readBytes(fs: FileSystem, path: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await fs.open(path);
  const buffer = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

function refuse(path: string, cause: unknown): never {
  if (cause instanceof Deno.errors.NotFound) {
    const hint =
      "put the archive there before Halyard starts, or correct FILE_DATA_SOURCE or [OfflineMode] " +
      "fileDataSource";
    throw new SourceError("there is no such file", { path, reason: "missing", hint, cause });
  }
  const hint = cause instanceof Deno.errors.NotCapable
    ? `grant it with --allow-read="${path}"`
    : "make sure that the user who runs Halyard can read the file and enter its directories";
  const detail = cause instanceof Error ? cause.message : String(cause);
  throw new SourceError(detail, { path, reason: "unreadable", hint, cause });
}
