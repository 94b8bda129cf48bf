/** Thrown when the state directory cannot be used or written. */
export class StateError extends Error {
  /** Set so that a report shows it. */
  override name = "StateError";
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
