/** Error of a relay that cannot listen: the port is in use, the address is not this host's, or a certificate cannot be used. */
export class ListenError extends Error {
  /** The name of the class. */
  override readonly name = "ListenError";
  /** Advice: what to do about it. */
  readonly hint: string;

  /**
   * Creates the error.
   *
   * @param message What could not be done and why.
   * @param hint What to do about it.
   * @param cause The error behind it.
   */
  constructor(message: string, hint: string, cause: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}
