/** Reason why an archive is refused: a short code that stays the same while wordings change. */
export type ArchiveReason =
  | "too-large"
  | "unpacked-too-large"
  | "ratio"
  | "entry-too-large"
  | "too-many-entries"
  | "truncated"
  | "not-an-archive"
  | "gzip-data"
  | "gzip-checksum"
  | "gzip-length"
  | "multi-member"
  | "trailing-data"
  | "tar-header"
  | "tar-library"
  | "pax-override"
  | "entry-type"
  | "entry-name"
  | "duplicate-entry"
  | "checksum-missing"
  | "checksum-form"
  | "checksum-mismatch"
  | "data-missing"
  | "shared-credential";

const COPY = "The copy may still be under way; if not, copy or download the file again";
const LIMIT =
  "If the file is what you expect, raise the limit: MAX_ARCHIVE_SIZE or [OfflineMode] maxArchiveSize";
const REPACK = "Pack the files again as plain files: tar --format=ustar -czf flags.tar.gz -C folder .";
const SOURCE = "Download the archive from LaunchDarkly again; this is not how it writes one";

const HINTS: Record<ArchiveReason, string> = {
  "too-large": LIMIT,
  "unpacked-too-large": LIMIT,
  "ratio": SOURCE,
  "entry-too-large": SOURCE,
  "too-many-entries": SOURCE,
  "truncated": COPY,
  "not-an-archive": "The file must be the .tar.gz from LaunchDarkly, or the .tar in it",
  "gzip-data": COPY,
  "gzip-checksum": COPY,
  "gzip-length": COPY,
  "multi-member": "Pack everything into one gzip file instead of joining several",
  "trailing-data": "Something was appended to the archive; copy or download the file again",
  "tar-header": COPY,
  "tar-library": "Please report this, with the archive's list of entries: tar -tvf",
  "pax-override": REPACK,
  "entry-type": REPACK,
  "entry-name": REPACK,
  "duplicate-entry": "Each file may be in the archive once; pack the files again",
  "checksum-missing": "Pack checksum.md5 together with the environments' files",
  "checksum-form": "Write the 16 bytes themselves: md5sum prints text, which xxd -r -p turns into bytes",
  "checksum-mismatch": "A file was changed after the checksum was made; download the archive again",
  "data-missing": "Pack both files of each environment: <id>.json and <id>-data.json",
  "shared-credential":
    "A key opens one environment: reset it in LaunchDarkly in one of the two and download the archive again",
};

/** Options for {@linkcode ArchiveError}. */
export interface ArchiveErrorOptions {
  /** Path of the archive. */
  path?: string | undefined;
  /** Name of the entry inside. */
  entry?: string | undefined;
  /** Hint for the person who reads it, where that is not the same for all errors of the reason. */
  hint?: string | undefined;
  /** Error that was thrown underneath. */
  cause?: unknown;
}

/** An archive is refused as a whole: nothing in it may be used. */
export class ArchiveError extends SyntaxError {
  /** Set so that stack traces show it. */
  override name = "ArchiveError";
  /** Reason, as a code. */
  readonly reason: ArchiveReason;
  /** Path of the archive, if it is known. */
  readonly path: string | undefined;
  /** Name of the entry at fault, if it is one entry's. */
  readonly entry: string | undefined;
  /** Hint for the person who reads it. */
  readonly hint: string;
  #problem: string;

  /**
   * Creates the error of one archive.
   *
   * @param reason Reason, as a code.
   * @param problem Reason, as the rest of the sentence that begins "Cannot read archive:".
   * @param options Path, entry, hint and cause.
   */
  constructor(reason: ArchiveReason, problem: string, options: ArchiveErrorOptions = {}) {
    const { path, entry, hint = HINTS[reason], cause } = options;
    const what = path === undefined ? "archive" : `archive "${path}"`;
    super(`Cannot read ${what}: ${problem}`, cause === undefined ? {} : { cause });
    this.reason = reason;
    this.path = path;
    this.entry = entry;
    this.hint = hint;
    this.#problem = problem;
  }

  /**
   * Copies the error for the archive at `path`.
   *
   * @param path Path of the archive.
   * @returns The error with the path in it.
   */
  at(path: string | undefined): ArchiveError {
    const { reason, entry, hint, cause } = this;
    return new ArchiveError(reason, this.#problem, { path, entry, hint, cause });
  }
}
