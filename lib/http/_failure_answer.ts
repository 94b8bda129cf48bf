import { describeError, type Log } from "../observe/mod.ts";

/**
 * Creates the function that answers in place of a handler that has failed.
 *
 * @param log Log of the failure; the request itself is not logged.
 * @returns Function that gets the error.
 */
export function createFailureAnswer(log: Log): (error: unknown) => Response {
  return (error) => {
    log.error("Cannot answer a request", { error: describeError(error) });
    return new Response(null, { status: 500 });
  };
}
