import type { FileWords } from "./file_words.ts";
import type { Clock, FileSystem } from "./platform.ts";
import { SourceError } from "./source_error.ts";
import { TransientError } from "./transient_error.ts";

/** Options for {@linkcode readSettled}. */
export interface ReadOptions {
  /** Path of the file. */
  path: string;
  /** Largest file that is read: bytes. */
  maxBytes: number;
  /** Words for the file. */
  words: FileWords;
  /** The file system. */
  fs: FileSystem;
  /** The clock. */
  clock: Clock;
  /** Ends the waiting. */
  signal: AbortSignal;
}

/** A settled file, as {@linkcode readSettled} returns it. */
export interface SettledFile {
  /** All of it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The stat that belongs to the bytes. */
  info: Deno.FileInfo;
  /** Time without a change before the read: ms. */
  rested: number;
}

/** Time that a file must rest before it is read, in ms: enough for one that was written elsewhere and renamed. */
export const REST_MS = 50;

/** Longest time that a file which changes again and again must rest before it is read. Far longer than the pause between two writes of a copy. @limit ms: a copy that pauses for longer is read, found incomplete and read again later */
export const MAX_REST_MS = 3_200;

/** Share of the rest after which the file is looked at: a copy that has ended is noticed a quarter of the rest late. */
const LOOKS_PER_REST = 4;

/** Time that a file may keep changing until it is logged, in ms. */
export const PATIENCE_MS = 6_000;

/** Errors of the file system that a person has to resolve; all others come from the disk or the network. */
const FINAL_ERRORS = [
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.NotCapable,
  Deno.errors.NotADirectory,
  Deno.errors.FilesystemLoop,
  Deno.errors.InvalidData,
];

/**
 * Reports whether two stats are equal. `ctime` reveals a write that restored `mtime`; Deno gives it in whole
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
 * Checks the file without opening it: a named pipe would block.
 *
 * @param options Path, limit and file system.
 * @returns Stat of a regular file within the limit.
 * @throws {SourceError} When there is no such file.
 * @throws {TransientError} When the disk or the network failed.
 */
export async function statFile(options: ReadOptions): Promise<Deno.FileInfo> {
  const { path, maxBytes, words, fs } = options;
  const info = await fs.stat(path).catch((error) => refuse(options, error));
  if (!info.isFile) {
    const detail = info.isDirectory ? "is a directory" : "not a regular file";
    throw new SourceError(detail, { path, name: words.name, reason: "not a file", hint: words.notAFile });
  }
  if (info.size > maxBytes) {
    throw new SourceError(`larger than ${maxBytes} bytes`, {
      path,
      name: words.name,
      reason: "too big",
      hint: words.tooBig,
    });
  }
  return info;
}

/**
 * Reads the file once it has settled: it stayed the same for a while before and during the read. Each change
 * that is seen doubles that while, up to {@linkcode MAX_REST_MS}, and nothing is read until then.
 *
 * @param options Path, limit, and what to read with.
 * @param info Stat of the file now.
 * @param rest How long it must stay the same at first: ms.
 * @returns The file, or `undefined` when it still changes after about 6 s.
 * @throws {SourceError} When there is nothing to read.
 * @throws {TransientError} When the disk or the network failed.
 */
export async function readSettled(
  options: ReadOptions,
  info: Deno.FileInfo,
  rest: number,
): Promise<SettledFile | undefined> {
  const { path, fs, clock, signal } = options;
  const longest = Math.max(rest, MAX_REST_MS);
  let waited = 0;
  let rested = 0;
  while (true) {
    const pause = Math.max(REST_MS, rest / LOOKS_PER_REST);
    await clock.sleep(pause, signal);
    signal.throwIfAborted();
    waited += pause;
    rested += pause;
    const before = info;
    info = await statFile(options);
    if (isSame(before, info)) {
      if (rested < rest) continue;
      const bytes = await readBytes(fs, path, info.size).catch((error) => refuse(options, error));
      info = await statFile(options);
      if (isSame(before, info) && bytes.length === info.size) return { bytes, info, rested };
    }
    if (waited >= PATIENCE_MS) return undefined;
    rested = 0;
    rest = Math.min(rest * 2, longest);
  }
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

function refuse({ path, words: { name, missing } }: ReadOptions, cause: unknown): never {
  if (cause instanceof Deno.errors.NotFound) {
    throw new SourceError("no such file", { path, name, reason: "missing", hint: missing, cause });
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (!FINAL_ERRORS.some((type) => cause instanceof type)) {
    const hint = "check the disk, or the network that the file comes over";
    throw new TransientError(`Cannot read ${name} "${path}": ${detail}`, hint, cause);
  }
  const hint = cause instanceof Deno.errors.NotCapable
    ? `grant it with --allow-read="${path}"`
    : "make sure that the user who runs Halyard can read the file and enter its directories";
  throw new SourceError(detail, { path, name, reason: "unreadable", hint, cause });
}
