/** Thrown when the state directory cannot be used or written. */
export class StateError extends Error {
  /** Set so that a report shows it. */
  override name = "StateError";
  /** Advice for the operator. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message Operation that failed, and why.
   * @param hint Advice for the operator.
   * @param cause The error behind it.
   */
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.hint = hint;
  }
}

/**
 * Says of an error of the file system what it is to the state directory.
 *
 * @param error The error.
 * @param what What was done: "write to".
 * @param directory Path of the directory, and the one path that this program may write to, if it is known.
 * @returns The error; the same if it has been said of it.
 */
export function toStateError(
  error: unknown,
  what: string,
  { path, onlyPath }: { path: string; onlyPath?: string | undefined },
): StateError {
  if (error instanceof StateError) return error;
  const start = `Cannot ${what} the state directory "${path}"`;
  if (error instanceof Deno.errors.NotCapable) {
    return onlyPath === undefined
      ? new StateError(
        `${start}: permission to write is not granted`,
        `add --allow-read="${path}" --allow-write="${path}" to the command line`,
        error,
      )
      : new StateError(
        `${start}: this executable is built for "${onlyPath}"`,
        `set STATE_DIRECTORY ([State] directory) to that, or build one with: deno task compile --state ${path}`,
        error,
      );
  }
  const { message, code = "" } = error as Error & { code?: string };
  return new StateError(`${start}: ${message}`, HINTS[code] ?? "check the disk", error);
}

/** What to do, by the code of the system's error. */
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "make the directory; StateDirectory= of systemd does so at each start",
  ENOTDIR: "set STATE_DIRECTORY ([State] directory) to a directory",
  EACCES: "let the user that Halyard runs as write to it",
  EROFS: "let the user that Halyard runs as write to it: mount it read-write",
  ENOSPC: "make room on the disk: it takes twice the archive",
};
