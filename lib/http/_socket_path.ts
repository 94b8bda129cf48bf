import { ListenError } from "./listen_error.ts";

/** A Unix socket in the file system, as long as it listens: then nothing else gets the same number. */
export interface SocketNode {
  /** Number of its device. */
  dev: number;
  /** Number in the file system. */
  ino: number | null;
}

/**
 * Sees to it that a Unix socket can be made at a path: removes one that a process has left behind, and nothing else.
 *
 * @param path Absolute path.
 * @throws {ListenError} When another process listens there, or something else is there.
 * @throws {Error} When that cannot be found out, or the socket cannot be removed.
 */
export async function clearPath(path: string): Promise<void> {
  const found = statPath(path);
  if (!found) return;
  if (!found.isSocket) {
    throw takenError(path, "something is there that is not a socket, and is not removed");
  }
  if (await isListenedOn(path)) throw takenError(path, "another process listens there");
  await Deno.remove(path);
}

/**
 * Looks at what is at a path.
 *
 * @param path Absolute path.
 * @returns What is there itself, not where it links to; `undefined`: nothing.
 * @throws {Error} When that cannot be found out.
 */
export function statPath(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Only a refusal says that nobody listens: a queue of connections that is full does not. */
async function isListenedOn(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (!(error instanceof Deno.errors.WouldBlock || error instanceof Deno.errors.ConnectionReset)) {
      throw error;
    }
  }
  return true;
}

function takenError(path: string, reason: string): ListenError {
  return new ListenError(
    `Cannot listen on the Unix socket "${path}": ${reason}`,
    "stop or move what is there, or set UNIX_SOCKET ([Main] unixSocket) to another path",
    undefined,
  );
}

/**
 * Explains why a Unix socket cannot be listened on.
 *
 * @param error What has been thrown.
 * @param path Its path.
 * @param onlyPath The one path that this program may listen on, if there is one.
 * @returns The error to throw.
 */
export function explainSocketError(error: unknown, path: string, onlyPath: string | undefined): ListenError {
  if (error instanceof ListenError) return error;
  const start = `Cannot listen on the Unix socket "${path}"`;
  if (error instanceof Deno.errors.NotCapable && onlyPath !== undefined) {
    return new ListenError(
      `${start}: this executable is built for "${onlyPath}"`,
      `set UNIX_SOCKET ([Main] unixSocket) to that, or build one with: deno task compile --unix-socket ${path}`,
      error,
    );
  }
  const { message, code = "" } = error as Error & { code?: string };
  const hint = error instanceof Deno.errors.NotCapable
    ? `add --allow-net=unix:${path} --allow-read=${path} --allow-write=${path} to the command line`
    : HINTS[code];
  return new ListenError(
    `${start}: ${message}`,
    hint ?? "check UNIX_SOCKET ([Main] unixSocket)",
    error,
  );
}

/** What to do, by the code of the system's error. */
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "make its directory; RuntimeDirectory= of systemd does so at each start",
  EACCES: "let the user that Halyard runs as write to its directory, and to what is there",
  EROFS: "let the user that Halyard runs as write to its directory, and to what is there",
};
