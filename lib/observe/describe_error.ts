/**
 * Describes an error that nobody expected, for a log.
 *
 * @param error What was thrown.
 * @returns Its stack, else its message.
 */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
