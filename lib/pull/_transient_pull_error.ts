import { PullError } from "./pull_error.ts";

/** One try failed for a passing reason. */
export class TransientPullError extends PullError {
  /** Pause before the next try that the server asked for: ms. Absent: it did not. */
  readonly retryAfter: number | undefined;

  /**
   * Creates the error of one try.
   *
   * @param message What could not be done, and why.
   * @param hint Hint for the person who reads it.
   * @param retryAfter Pause that the server asked for: ms.
   */
  constructor(message: string, hint?: string, retryAfter?: number) {
    super(message, { hint });
    this.retryAfter = retryAfter;
  }
}
