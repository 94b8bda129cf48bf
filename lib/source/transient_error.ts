/**
 * What failed now and may work later, with the same file: the loading thread died, time ran out, memory was short, the disk
 * failed, the file is still being written. It is tried again. Every other error is final: these bytes will never do.
 */
export class TransientError extends Error {
  /** Set so that a report shows it. */
  override name = "TransientError";
  /** What a person can do about it. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message What could not be done and why.
   * @param hint What a person can do about it.
   * @param cause The error behind it.
   */
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.hint = hint;
  }
}
