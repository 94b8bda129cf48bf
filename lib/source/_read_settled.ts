import { COMPANION_WORDS, type FileWords } from "./file_words.ts";
import type { Clock, FileSystem } from "./platform.ts";
import { SourceError } from "./source_error.ts";
import { TransientError } from "./transient_error.ts";

/** A file that belongs to the data file: each change of it counts as one of that. It need not be there. */
export interface Companion {
  /** Path of the file. */
  path: string;
  /** Largest file that is read: bytes. */
  maxBytes: number;
}

/** What is in a companion: its bytes, `undefined` where there is no such file, or the reason why it cannot be read. */
export type CompanionContent = Uint8Array<ArrayBuffer> | undefined | SourceError;

/** A file, and words for it. */
interface NamedFile {
  /** Path of the file. */
  path: string;
  /** Words for the file. */
  words: FileWords;
}

/** Options for {@linkcode readSettled}. */
export interface ReadOptions extends NamedFile, Companion {
  /** Files that are read with it. */
  companions: readonly Companion[];
  /** The file system. */
  fs: FileSystem;
  /** The clock. */
  clock: Clock;
  /** Ends the waiting. */
  signal: AbortSignal;
}

/** Stats of a data file and its companions. */
export interface Stats {
  /** That of the data file. */
  file: Deno.FileInfo;
  /** Those of the companions, in their order: `undefined` where there is no such file, or the reason why it cannot be read. */
  companions: readonly (Deno.FileInfo | undefined | SourceError)[];
}

/** A settled file, as {@linkcode readSettled} returns it. */
export interface SettledFile {
  /** All of it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** What is in its companions, by path. */
  companions: ReadonlyMap<string, CompanionContent>;
  /** The stats that belong to the bytes. */
  info: Stats;
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
 * @param a One.
 * @param b The other, of the same paths.
 * @returns Whether each path led to the same file in the same state.
 */
export function isSame(a: Stats, b: Stats): boolean {
  return isSameFile(a.file, b.file) && a.companions.every((companion, i) => {
    const other = b.companions[i];
    if (companion instanceof SourceError || other instanceof SourceError) {
      return companion instanceof SourceError && other instanceof SourceError &&
        companion.message === other.message;
    }
    return companion && other ? isSameFile(companion, other) : companion === other;
  });
}

function isSameFile(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size &&
    a.mtime?.getTime() === b.mtime?.getTime() && a.ctime?.getTime() === b.ctime?.getTime();
}

/**
 * Checks the file and its companions.
 *
 * @param options Paths, limits and file system.
 * @returns Stats of regular files within their limits.
 * @throws {SourceError} When there is no such data file.
 * @throws {TransientError} When the disk or the network failed.
 */
export async function statAll(options: ReadOptions): Promise<Stats> {
  const { fs } = options;
  return { file: await statFile(options, fs), companions: await statCompanions(fs, options.companions) };
}

/** Checks a file without opening it: a named pipe would block. */
async function statFile(file: NamedFile & Companion, fs: FileSystem): Promise<Deno.FileInfo> {
  const { path, maxBytes, words } = file;
  const info = await fs.stat(path).catch((error) => refuse(file, error));
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
  info: Stats,
  rest: number,
): Promise<SettledFile | undefined> {
  const { fs, clock, signal } = options;
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
    info = await statAll(options);
    if (isSame(before, info)) {
      if (rested < rest) continue;
      const bytes = await readBytes(options, fs, info.file.size);
      const companions = await readCompanions(fs, options.companions, info.companions);
      info = await statAll(options);
      if (isSame(before, info) && bytes.length === info.file.size) {
        return { bytes, companions, info, rested };
      }
    }
    if (waited >= PATIENCE_MS) return undefined;
    rested = 0;
    rest = Math.min(rest * 2, longest);
  }
}

/**
 * Reads files, whether or not they are at rest.
 *
 * @param files The files.
 * @param fs The file system.
 * @returns What is in them, by path.
 * @throws {TransientError} When the disk or the network failed.
 */
export async function readAll(
  files: readonly Companion[],
  fs: FileSystem,
): Promise<ReadonlyMap<string, CompanionContent>> {
  return await readCompanions(fs, files, await statCompanions(fs, files));
}

function statCompanions(fs: FileSystem, files: readonly Companion[]): Promise<Stats["companions"]> {
  return Promise.all(files.map((file) => orProblem(() => statFile({ ...file, words: COMPANION_WORDS }, fs))));
}

async function readCompanions(
  fs: FileSystem,
  files: readonly Companion[],
  stats: Stats["companions"],
): Promise<ReadonlyMap<string, CompanionContent>> {
  const contents = new Map<string, CompanionContent>();
  for (const [i, { path }] of files.entries()) {
    const info = stats[i];
    const isFile = info && !(info instanceof SourceError);
    const named = { path, words: COMPANION_WORDS };
    contents.set(path, isFile ? await orProblem(() => readBytes(named, fs, info.size)) : info);
  }
  return contents;
}

/** Returns the reason why a companion cannot be read instead of throwing it; `undefined` where there is no such file. */
async function orProblem<T>(operation: () => Promise<T>): Promise<T | undefined | SourceError> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return error.reason === "missing" ? undefined : error;
  }
}

/**
 * Reads the first `size` bytes, or fewer where the file ends.
 *
 * @throws {SourceError} When it cannot be read.
 * @throws {TransientError} When the disk or the network failed.
 */
async function readBytes(file: NamedFile, fs: FileSystem, size: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(fs, file.path, size);
  } catch (error) {
    return refuse(file, error);
  }
}

async function readFile(fs: FileSystem, path: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
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

function refuse({ path, words: { name, missing } }: NamedFile, cause: unknown): never {
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
