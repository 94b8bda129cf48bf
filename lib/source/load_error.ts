/** An archive that will never do, whatever is tried: a final error. */
export class LoadError extends Error {
  /** Set so that a report shows it. */
  override name = "LoadError";
  /** What a person can do about it. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message What could not be done and why.
   * @param hint What a person can do about it.
   */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** An archive that looks as one does whose copy is still under way: final only once its file has come to rest. */
export class IncompleteError extends LoadError {
  /** Set so that a report shows it. */
  override name = "IncompleteError";
}
