/**
 * Failure that may not recur with the same file: the loading thread died, time ran out, memory was short, the disk
 * failed, the file is still being written. It is tried again. Every other error is final: these bytes will never do.
 */
export class TransientError extends Error {
  /** Set so that a report shows it. */
  override name = "TransientError";
  /** Advice for the operator. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message Operation that failed, and why.
   * @param hint Advice for the operator.
   * @param cause The error behind it.
   */
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.hint = hint;
  }
}
