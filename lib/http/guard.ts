/** What a {@linkcode Guard} learns of a request besides the request. */
export interface Visit {
  /** Path of the request as routes see it: still percent-encoded, without `..` and empty segments. */
  path: string;
  /** IP address of the client. Absent where the listener does not tell. */
  address?: string | undefined;
  /** Has the routes answer. */
  next(): Response | Promise<Response>;
}

/** What stands before all that can be asked at a path and below it, whatever the method is and whether there is a route or not. */
export interface Guard {
  /** The path, without a slash at its end. */
  path: string;
  /**
   * Answers a request in place of the routes, or has them answer and changes their answer.
   *
   * @param request The request.
   * @param visit Who asks for what, and what is behind.
   * @returns The response.
   */
  answer(request: Request, visit: Visit): Response | Promise<Response>;
}
