import { ArchiveError, type ArchiveReason } from "../archive/mod.ts";
import { IncompleteError, LoadError, TransientError } from "../source/mod.ts";

/** How a load failed. It crosses a thread, so it is data alone. */
export interface LoadFailure {
  /** Which class of error it is. */
  kind: "final" | "incomplete" | "transient";
  /** What could not be done and why. */
  message: string;
  /** What a person can do about it. */
  hint: string;
}

/** What a file can look like that is written from the start to the end, over zeros or over its former content. */
const REASONS_OF_COPIES: ReadonlySet<ArchiveReason> = new Set([
  "truncated",
  "gzip-data",
  "gzip-checksum",
  "gzip-length",
  "multi-member",
  "trailing-data",
  "tar-header",
  "checksum-missing",
  "checksum-mismatch",
  "data-missing",
]);

/** So many bytes tell what a file is: a tar's first block. A copy that has not come so far has nothing or zeros there. */
const TAR_BLOCK_BYTES = 512;

/**
 * Describes what was thrown during a load.
 *
 * @param error What was thrown.
 * @param path Path of the archive.
 * @param bytes The archive.
 * @returns The failure: transient unless the archive itself is to blame.
 */
export function describeFailure(error: unknown, path: string, bytes: Uint8Array): LoadFailure {
  if (error instanceof ArchiveError) {
    const { message, hint } = error;
    return { kind: canBeCopy(error, bytes) ? "incomplete" : "final", message, hint };
  }
  const { message, hint } = toTransient(error, path);
  return { kind: "transient", message, hint };
}

/**
 * Makes the error of a load that failed through no fault of the archive: memory was short, above all.
 *
 * @param error What was thrown.
 * @param path Path of the archive.
 * @returns The error itself if it is a transient one already.
 */
export function toTransient(error: unknown, path: string): TransientError {
  if (error instanceof TransientError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  const hint = "if it does not pass, give the host more memory, or report it";
  return new TransientError(`Cannot load "${path}": ${detail}`, hint, error);
}

function canBeCopy({ reason }: ArchiveError, bytes: Uint8Array): boolean {
  if (reason !== "not-an-archive") return REASONS_OF_COPIES.has(reason);
  return (bytes[TAR_BLOCK_BYTES - 1] ?? 0) === 0;
}

/**
 * Makes the error that a failure describes.
 *
 * @param failure The failure.
 * @returns The error; its class says whether it is final.
 */
export function toError({ kind, message, hint }: LoadFailure): LoadError | TransientError {
  if (kind === "transient") return new TransientError(message, hint);
  return kind === "final" ? new LoadError(message, hint) : new IncompleteError(message, hint);
}
