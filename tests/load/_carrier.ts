import type { Clock, FileSystem } from "../../lib/source/mod.ts";

/** Time at which it all begins: ms since epoch. */
const START = Date.UTC(2026, 11, 2);

/** A clock whose time passes only when a test lets it, one wait after the other. */
export class SteppedClock implements Clock {
  #now = START;
  #sleeps: { at: number; resolve: () => void }[] = [];
  #isAsleep = Promise.withResolvers<void>();

  now(): number {
    return this.#now;
  }

  uptime(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleep = { at: this.#now + ms, resolve };
    this.#sleeps.push(sleep);
    signal.addEventListener("abort", () => {
      this.#sleeps = this.#sleeps.filter((other) => other !== sleep);
      resolve();
    }, { once: true });
    this.#isAsleep.resolve();
    return promise;
  }

  /** Lets time pass. Whoever has slept does what it does until it sleeps again, or until `work`, if that is given, has ended. */
  async pass(ms: number, work: Promise<void> = new Promise(() => {})): Promise<void> {
    const end = this.#now + ms;
    let isDone = false;
    const done = work.finally(() => isDone = true);
    while (!isDone) {
      if (this.#sleeps.length === 0) {
        this.#isAsleep = Promise.withResolvers();
        await Promise.race([this.#isAsleep.promise, done]);
        continue;
      }
      const next = this.#sleeps.reduce((a, b) => a.at <= b.at ? a : b);
      if (next.at > end) break;
      this.#now = next.at;
      this.#sleeps = this.#sleeps.filter((other) => other !== next);
      next.resolve();
      await Promise.resolve();
    }
    if (!isDone) this.#now = end;
  }
}

/** A directory that a carrier copies files into. */
export class CarriedFiles {
  readonly #clock: Clock;
  readonly #files = new Map<string, { ino: number; bytes: Uint8Array<ArrayBuffer>; changed: number }>();
  #inodes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What a source reads it with; it cannot be watched. */
  get fs(): FileSystem {
    return {
      stat: async (path) => {
        await Promise.resolve();
        const { ino, bytes, changed } = this.#get(path);
        const time = new Date(changed);
        const ctime = new Date(Math.floor(changed / 1_000) * 1_000);
        const info = {
          isFile: true,
          isDirectory: false,
          size: bytes.length,
          dev: 1,
          ino,
          mtime: time,
          ctime,
        };
        return info as Deno.FileInfo;
      },
      open: async (path) => {
        await Promise.resolve();
        const file = this.#get(path);
        let at = 0;
        const read = (buffer: Uint8Array): Promise<number | null> => {
          const part = file.bytes.subarray(at, at += buffer.length);
          buffer.set(part);
          return Promise.resolve(part.length || null);
        };
        return { read, [Symbol.dispose]() {} } as unknown as Deno.FsFile;
      },
      watchFs() {
        throw new Deno.errors.NotCapable("Requires read access");
      },
    };
  }

  /** Renames a complete file to that path. */
  replace(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#files.set(path, { ino: ++this.#inodes, bytes, changed: this.#clock.now() });
  }

  /** Writes to the file that is there. */
  overwrite(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    const file = this.#files.get(path);
    if (!file) return this.replace(path, bytes);
    Object.assign(file, { bytes, changed: this.#clock.now() });
  }

  /** Removes a file. */
  remove(path: string): void {
    this.#files.delete(path);
  }

  #get(path: string | URL) {
    const file = this.#files.get(`${path}`);
    if (!file) throw new Deno.errors.NotFound("No such file or directory (os error 2)");
    return file;
  }
}
