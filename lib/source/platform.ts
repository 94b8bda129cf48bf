import { closeSync, constants, fstatSync, open, read } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

/** Clock of a source. */
export interface Clock {
  /** Returns the time: ms since epoch. */
  now(): number;
  /** Returns a monotonic time: ms since some moment. Unlike `now` it does not jump when the system time is set. */
  uptime(): number;
  /** Waits for that many ms, or until the signal aborts; resolves either way. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The calls a source makes to the file system. */
export interface FileSystem extends Pick<typeof Deno, "stat" | "watchFs"> {
  /** Opens a regular file to read it. */
  open(path: string): Promise<OpenFile>;
}

/** A file that is read. */
export type OpenFile = Pick<Deno.FsFile, "read"> & Disposable;

/** Errors of node:fs that Deno has classes for. */
const DENO_ERRORS: Readonly<Record<string, new (message: string) => Error>> = {
  ENOENT: Deno.errors.NotFound,
  EACCES: Deno.errors.PermissionDenied,
  EPERM: Deno.errors.PermissionDenied,
  ELOOP: Deno.errors.FilesystemLoop,
  ENOTDIR: Deno.errors.NotADirectory,
};

/** The file system of the machine. */
export const MACHINE_FS: FileSystem = {
  stat: Deno.stat,
  watchFs: Deno.watchFs,
  async open(path) {
    // Without it, a named pipe that has taken the place of a file since its stat blocks for ever.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
    let fd: number;
    try {
      fd = await promisify(open)(path, flags) as number;
    } catch (error) {
      const { code = "", message } = error as Error & { code?: string };
      const type = DENO_ERRORS[code];
      throw type && !(error instanceof Deno.errors.NotCapable) ? new type(message) : error;
    }
    if (!fstatSync(fd).isFile()) {
      closeSync(fd);
      throw new TypeError("not a regular file any more");
    }
    return {
      async read(buffer) {
        const { bytesRead } = await promisify(read)(fd, buffer, 0, buffer.length, null);
        return bytesRead || null;
      },
      [Symbol.dispose]: () => closeSync(fd),
    };
  },
};

/** Longest delay of a timer, in ms (WHATWG HTML, timers: a signed 32-bit integer): a longer one would end at once. @limit as MAX_TIMER_MS in lib/config/_to_settings.ts */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const MACHINE_CLOCK: Clock = {
  now: Date.now,
  uptime: () => performance.now(),
  async sleep(ms, signal) {
    await setTimeout(Math.min(ms, MAX_TIMER_MS), undefined, { signal }).catch(() => {}); // rejects only when aborted
  },
};
