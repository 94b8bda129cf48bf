/** Invalid archive, or file of overrides: a final error. */
export class LoadError extends Error {
  /** Set so that a report shows it. */
  override name = "LoadError";
  /** Advice for the operator. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message Operation that failed, and why.
   * @param hint Advice for the operator.
   */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Archive that may be part of a copy in progress: a final error only once its file has settled. */
export class IncompleteError extends LoadError {
  /** Set so that a report shows it. */
  override name = "IncompleteError";
}
