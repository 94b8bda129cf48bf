import process from "node:process";
import { readUnpackedLength } from "../archive/mod.ts";
import { TransientError } from "../source/mod.ts";
import { collectGarbage } from "./_collect_garbage.ts";

/** Number of bytes in a mebibyte. */
const MiB = 1_048_576;

/** Memory of the loading thread besides its heap of old objects: bytes. For its code, new objects and zlib. */
const THREAD_BYTES = 24 * MiB;

/**
 * Memory for the thread's heap with which a load is tried: bytes. Enough for 8,000 flags of 2.5 KB each; with more of them it needs
 * more, and may have all that is left.
 */
const THREAD_HEAP_BYTES = 16 * MiB;

/** Memory of an archive's contents during a load, as a multiple of its unpacked length: the tar, and snapshots with defaults. */
const CONTENTS = 2.5;

/** Memory in which an environment is compiled to be evaluated, as a multiple of its data. */
const COMPILED = 3.5;

/** Memory of a load of the smallest archive, which runs without the thread: bytes. */
const SMALL_LOAD_BYTES = 8 * MiB;

/**
 * Pages of the executable that count as used, but that the kernel reclaims when memory is short: bytes. It has 95 MB, of which
 * about half are in use.
 */
const CODE_BYTES = 32 * MiB;

/** Smallest plausible limit: bytes. Less means none, or a host on which nothing could run. */
const SMALLEST_HOST_BYTES = 16 * MiB;

/**
 * Returns the memory limit of this process.
 *
 * @param configured Limit set by the operator: bytes; 0 or absent to ask the system.
 * @returns The limit: bytes; `Infinity` where there is none or reading it is not allowed (`--allow-sys=systemMemoryInfo`).
 */
export function findMemoryLimit(configured = 0): number {
  if (configured > 0) return configured;
  if (Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" }).state !== "granted") {
    return Infinity;
  }
  const limit = process.constrainedMemory();
  return limit >= SMALLEST_HOST_BYTES && limit < Number.MAX_SAFE_INTEGER ? limit : Infinity;
}

/**
 * Returns the memory use of this process.
 *
 * @returns Resident memory less its code: bytes.
 */
export function getMemoryUse(): number {
  return Deno.memoryUsage().rss - CODE_BYTES;
}

/** Options for {@linkcode planMemory}. */
export interface MemoryOptions {
  /** Data of the environments that are evaluated, once for each thread beyond the first that does: bytes. @default {0} */
  evaluatedBytes?: number;
  /** Returns the memory use of the process: bytes. @default {getMemoryUse} */
  getUsed?: () => number;
  /** Releases what can be done without: called before an archive is refused. @default {nothing happens} */
  release?: (() => void) | undefined;
}

/**
 * Computes the memory that the thread's heap may use for an archive, and refuses one that does not fit beside what is served.
 * During a load, it is in memory as it is in the file, unpacked, and as the new snapshots.
 *
 * @param path Path of the archive, for the message.
 * @param bytes The archive, as it is in the file and in memory already.
 * @param limit Memory limit of the process: bytes.
 * @param options Its memory use, and what further threads compile.
 * @returns Memory that is left for the thread's heap: bytes.
 * @throws {TransientError} When there is not enough.
 */
export function planMemory(
  path: string,
  bytes: Uint8Array,
  limit: number,
  { evaluatedBytes = 0, getUsed = getMemoryUse, release = () => {} }: MemoryOptions = {},
): number {
  if (limit === Infinity) return Infinity;
  const contents = CONTENTS * readUnpackedLength(bytes);
  const thread = Math.min(SMALL_LOAD_BYTES + contents, THREAD_BYTES + THREAD_HEAP_BYTES);
  const compiled = COMPILED * evaluatedBytes;
  let needed = getUsed() + contents + thread + compiled;
  if (needed > limit) {
    release();
    // Part of the use may be garbage, above all of loads that were refused.
    collectGarbage();
    needed = getUsed() + contents + thread + compiled;
  }
  if (needed <= limit) return limit - needed + THREAD_HEAP_BYTES;
  throw new TransientError(
    `Cannot load "${path}": it takes about ${toMiB(needed)} MiB of memory, the limit is ${
      Math.floor(limit / MiB)
    } MiB`,
    "give the container or the service more memory, or correct MEMORY_LIMIT; docs/sizing.md says how much it takes",
  );
}

/**
 * Reports whether the process is within its memory limit, and would still be with environments compiled that need not be.
 *
 * @param limit Memory limit of the process: bytes.
 * @param dataBytes Data of the environments: bytes. @default {0}
 * @param getUsed Returns the memory use of the process: bytes. @default {getMemoryUse}
 * @returns Whether they fit.
 */
export function isWithinMemory(
  limit: number,
  dataBytes = 0,
  getUsed: () => number = getMemoryUse,
): boolean {
  const needed = COMPILED * dataBytes;
  if (getUsed() + needed <= limit) return true;
  collectGarbage();
  return getUsed() + needed <= limit;
}

/** Step that numbers are rounded up to, so that the same refusal is logged once: bytes. */
const STEP = 8 * MiB;

function toMiB(bytes: number): number {
  return Math.ceil(bytes / STEP) * STEP / MiB;
}
