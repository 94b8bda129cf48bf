import { ArchiveError, type ArchiveReason } from "../archive/mod.ts";
import { IncompleteError, LoadError, TransientError } from "../source/mod.ts";

/** Failure of a load. It crosses a thread, so it is data alone. */
export interface LoadFailure {
  /** Class of the error. */
  kind: "final" | "incomplete" | "transient";
  /** Message: what could not be done and why. */
  message: string;
  /** Hint for the person who reads it. */
  hint: string;
}

/** Reasons that a file can have while it is written from start to end, over zeros or over its former content. */
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

/** Length of a tar's first block, which identifies a file: bytes. A copy that has not come so far has nothing or zeros there. */
const TAR_BLOCK_BYTES = 512;

/**
 * Describes an error that was thrown during a load.
 *
 * @param error The error.
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
 * Wraps the error of a load that failed through no fault of the archive, above all for lack of memory.
 *
 * @param error The error.
 * @param path Path of the archive.
 * @returns The transient error; `error` itself if it is one already.
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
 * Creates the error that a failure describes.
 *
 * @param failure The failure.
 * @returns The error; its class shows whether it is final.
 */
export function toError({ kind, message, hint }: LoadFailure): LoadError | TransientError {
  if (kind === "transient") return new TransientError(message, hint);
  return kind === "final" ? new LoadError(message, hint) : new IncompleteError(message, hint);
}
