/** Mode of files that hold keys: nobody but their owner reads them. */
const PRIVATE = 0o600;

/** Error: a file could not be written. */
export class WriteError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "WriteError";
  /** Hint for the person who named it. */
  readonly hint = "check the path, its permissions, and the space on the disk";

  /**
   * Creates the error.
   *
   * @param path Path of the file.
   * @param cause Error of the file system.
   */
  constructor(path: string, cause: Error) {
    // Deno adds the system call and the path of the temporary file.
    super(`Cannot write "${path}": ${cause.message.replace(/ \(os error.*/s, "")}`, { cause });
  }
}

/**
 * Writes a file that is not there yet, and that only its owner can read.
 *
 * @param path Its path.
 * @param content Its content.
 * @throws {WriteError} When it cannot be written, or is there already.
 */
export function writeNewFile(path: string, content: Uint8Array | string): void {
  try {
    using file = Deno.openSync(path, { write: true, createNew: true, mode: PRIVATE });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
      file.syncSync();
    } catch (error) {
      Deno.removeSync(path); // Half a file would be taken for a whole one.
      throw error;
    }
  } catch (error) {
    throw new WriteError(path, error as Error);
  }
}
