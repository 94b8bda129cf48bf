/** Reason why a data file cannot be read: missing, not readable, not a regular file, or over the size limit. */
export type SourceErrorReason = "missing" | "unreadable" | "not a file" | "too big";

/** Options for {@linkcode SourceError}. */
export interface SourceErrorOptions {
  /** Path of the file as configured. */
  path: string;
  /** What the file is. @default {"data file"} */
  name?: string;
  /** Reason, for programs. */
  reason: SourceErrorReason;
  /** Advice for the operator. */
  hint: string;
  /** The error behind it. */
  cause?: unknown;
}

/** A data file that cannot be read as it is: a final error, until something about the file changes. */
export class SourceError extends Error {
  /** Set so that a report shows it. */
  override name = "SourceError";
  /** Path of the file as configured. */
  readonly path: string;
  /** Reason, for programs. */
  readonly reason: SourceErrorReason;
  /** Advice for the operator. */
  readonly hint: string;

  /**
   * Makes an error that names the file.
   *
   * @param detail Reason, for people: ends the message.
   * @param options Path, reason and hint.
   */
  constructor(detail: string, options: SourceErrorOptions) {
    super(`Cannot read ${options.name ?? "data file"} "${options.path}": ${detail}`, options);
    this.path = options.path;
    this.reason = options.reason;
    this.hint = options.hint;
  }
}
