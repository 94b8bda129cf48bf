/**
 * Describes an error of the file system for a person. Deno adds number, system call and path, which of a temporary file help nobody.
 *
 * @param error The error.
 * @returns Its reason.
 */
export function describeFileError(error: unknown): string {
  return (error as Error).message.replace(/ \(os error.*/s, "");
}
