/** Why a data file cannot be read: it is not there, may not be read, is no regular file, or exceeds the limit. */
export type SourceErrorReason = "missing" | "unreadable" | "not a file" | "too big";

/** What a `SourceError` carries. */
export interface SourceErrorOptions {
  /** Path of the file as configured. */
  path: string;
  /** What is wrong, for programs. */
  reason: SourceErrorReason;
  /** What a person can do about it. */
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
  /** What is wrong, for programs. */
  readonly reason: SourceErrorReason;
  /** What a person can do about it. */
  readonly hint: string;

  /**
   * Makes an error that names the file.
   *
   * @param detail What is wrong, for people: ends the message.
   * @param options What it carries.
   */
  constructor(detail: string, options: SourceErrorOptions) {
    super(`Cannot read data file "${options.path}": ${detail}`, options);
    this.path = options.path;
    this.reason = options.reason;
    this.hint = options.hint;
  }
}
