/** Why a data file cannot be read: it is not there, may not be read, is no regular file, exceeds the limit, or never rests. */
export type SourceErrorReason = "missing" | "unreadable" | "not a file" | "too big" | "changing";

/** A data file that cannot be read. */
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
   * @param path Path of the file as configured.
   * @param reason What is wrong, for programs.
   * @param detail What is wrong, for people: ends the message.
   * @param options What to do about it, and the error behind it.
   */
  constructor(
    path: string,
    reason: SourceErrorReason,
    detail: string,
    options: ErrorOptions & { hint: string },
  ) {
    super(`Cannot read data file "${path}": ${detail}`, options);
    this.path = path;
    this.reason = reason;
    this.hint = options.hint;
  }
}
