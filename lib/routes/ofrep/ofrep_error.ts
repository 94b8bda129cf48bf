/** Error codes of OFREP that Halyard uses. */
export type ErrorCode =
  | "FLAG_NOT_FOUND"
  | "GENERAL"
  | "INVALID_CONTEXT"
  | "PARSE_ERROR"
  | "TARGETING_KEY_MISSING";

/** Error of an evaluation, in OFREP's terms. */
export class OfrepError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "OfrepError";
  /** What is wrong. */
  readonly code: ErrorCode;
  /** Status of the answer. */
  readonly status: number;

  /**
   * Creates the error.
   *
   * @param code What is wrong.
   * @param details The same for a person; no part of a context.
   * @param status Status of the answer. @default {400}
   */
  constructor(code: ErrorCode, details: string, status = 400) {
    super(details);
    this.code = code;
    this.status = status;
  }
}
