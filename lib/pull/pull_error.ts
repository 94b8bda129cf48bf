import type { Finding } from "../inspection/mod.ts";

/** Options for {@linkcode PullError}. */
export interface PullErrorOptions {
  /** Hint for the person who reads it. */
  hint?: string | undefined;
  /** Whether the answer was no. @default {false} */
  isRefusal?: boolean;
  /** Faults of the archive. @default {[]} */
  findings?: readonly Finding[];
}

/** An archive is not downloaded: the file that was there stays. */
export class PullError extends Error {
  /** Set so that stack traces show it. */
  override name = "PullError";
  /** Hint for the person who reads it, if there is something to do. */
  readonly hint: string | undefined;
  /** Whether the answer was no, or an archive that must not be used. Otherwise there was no answer, or something here is wrong. */
  readonly isRefusal: boolean;
  /** Findings of an archive that must not be used; none where there was no archive. */
  readonly findings: readonly Finding[];

  /**
   * Creates the error.
   *
   * @param message What could not be done, and why.
   * @param options Hint, and whose fault it is.
   */
  constructor(message: string, options: PullErrorOptions = {}) {
    super(message);
    this.hint = options.hint;
    this.isRefusal = options.isRefusal ?? false;
    this.findings = options.findings ?? [];
  }
}
