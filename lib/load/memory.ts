import process from "node:process";
import { readUnpackedLength } from "../archive/mod.ts";
import { TransientError } from "../source/mod.ts";
import { collectGarbage } from "./_collect_garbage.ts";

/** Bytes. */
const MiB = 1_048_576;

/**
 * Most memory that a load takes besides the archive's bytes: bytes. Measured with 20 MB and 80 MB of JSON: the thread's heap and
 * what it has not collected yet.
 */
const FULL_LOAD_BYTES = 32 * MiB;

/** What it takes for the smallest archive: bytes. */
const SMALL_LOAD_BYTES = 8 * MiB;

/** Pages of the executable that count as used, but that the kernel takes back when memory is short: bytes. It has 95 MB, of which about half are in use. */
const CODE_BYTES = 32 * MiB;

/** Smallest limit that is believed: bytes. Less is none, or a host on which nothing could run. */
const SMALLEST_HOST_BYTES = 16 * MiB;

/**
 * Returns how much memory this process may use.
 *
 * @param configured What the operator says: bytes; 0 or absent to ask the system.
 * @returns Bytes; `Infinity` where there is no limit or it may not be read (`--allow-sys=systemMemoryInfo`).
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
 * Refuses an archive that cannot be loaded beside what is served. While it is loaded, it is in memory as it is in the file,
 * unpacked, and as what will be served.
 *
 * @param path Path of the archive, for the message.
 * @param bytes The archive, as it is in the file and in memory already.
 * @param limit How much memory this process may use: bytes.
 * @param getUsed Returns how much it uses now: bytes. @default {the process's resident memory less its code}
 * @throws {TransientError} When there is not enough.
 */
export function checkMemory(
  path: string,
  bytes: Uint8Array,
  limit: number,
  getUsed: () => number = () => Deno.memoryUsage().rss - CODE_BYTES,
): void {
  if (limit === Infinity) return;
  const contents = 2 * readUnpackedLength(bytes);
  const added = contents + Math.min(SMALL_LOAD_BYTES + contents, FULL_LOAD_BYTES);
  if (getUsed() + added <= limit) return;
  // Part of what is used may be waste, above all of loads that were refused.
  collectGarbage();
  const needed = getUsed() + added;
  if (needed <= limit) return;
  throw new TransientError(
    `Cannot load "${path}": it takes about ${toMiB(needed)} MiB of memory, the limit is ${
      Math.floor(limit / MiB)
    } MiB`,
    "give the container or the service more memory, or correct MEMORY_LIMIT; docs/sizing.md says how much it takes",
  );
}

/** What numbers are rounded up to, so that the same refusal is logged once: bytes. */
const STEP = 8 * MiB;

function toMiB(bytes: number): number {
  return Math.ceil(bytes / STEP) * STEP / MiB;
}
