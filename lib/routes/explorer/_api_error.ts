/** Error of a request to the API: it is answered by JSON. */
export class ApiError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "ApiError";
  /** HTTP status. */
  readonly status: number;
  /** What to do about it. */
  readonly hint: string | undefined;

  /**
   * Creates the error.
   *
   * @param status HTTP status.
   * @param message What is wrong.
   * @param hint What to do about it. @default {nothing}
   */
  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }

  /** Returns the answer. */
  toResponse(): Response {
    const { status, message: error, hint } = this;
    const headers = { "cache-control": "no-store", ...status === 503 && { "retry-after": "1" } };
    return Response.json({ error, ...hint !== undefined && { hint } }, { status, headers });
  }
}
