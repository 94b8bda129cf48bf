import type { FileSystem } from "../../lib/source/mod.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";

/** A fault of a call to the file system. */
export type Fault = "i/o error" | "missing" | "forbidden";

interface File {
  ino: number;
  bytes: Uint8Array<ArrayBuffer>;
  mtime: number;
}

/** A file system with one file. Its calls take time, and fail when told to. */
export class Disk implements FileSystem {
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #trace: (line: string) => void;
  readonly #watchers = new Set<() => void>();
  #file: File | undefined;
  #inodes = 0;
  #fault: { kind: Fault; calls: number; times: number } | undefined;

  /**
   * Creates it without the file.
   *
   * @param machine Its clock.
   * @param random Decides how long calls take.
   * @param trace Told of each fault.
   */
  constructor(machine: Machine, random: Random, trace: (line: string) => void) {
    this.#machine = machine;
    this.#random = random;
    this.#trace = trace;
  }

  /** Has the n-th call from now fail, and those after it: `times` in all. */
  failAt(n: number, kind: Fault, times: number): void {
    this.#fault = { kind, calls: n, times };
  }

  /** Ends all faults. */
  mend(): void {
    this.#fault = undefined;
  }

  /** Forgets who watches: their process is gone. */
  forgetWatchers(): void {
    this.#watchers.clear();
  }

  /** Puts another file in the place of the one there. */
  replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.#file = { ino: ++this.#inodes, bytes, mtime: this.#machine.now() };
    this.#notify();
  }

  /** Writes to the file that is there, as `cp` does. */
  overwrite(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#file) return this.replace(bytes);
    Object.assign(this.#file, { bytes, mtime: this.#machine.now() });
    this.#notify();
  }

  /** Removes the file. */
  remove(): void {
    this.#file = undefined;
    this.#notify();
  }

  /** See `Deno.stat`. */
  readonly stat = async (): Promise<Deno.FileInfo> => {
    await this.#call("stat");
    const { ino, bytes, mtime } = this.#get();
    const info = {
      isFile: true,
      isDirectory: false,
      size: bytes.length,
      dev: 1,
      ino,
      mtime: new Date(mtime),
      ctime: new Date(Math.floor(mtime / 1000) * 1000),
    };
    return info as Deno.FileInfo;
  };

  /** See `Deno.open`. */
  readonly open = async (): Promise<Deno.FsFile> => {
    await this.#call("open");
    const file = this.#get();
    let offset = 0;
    const read = async (buffer: Uint8Array): Promise<number | null> => {
      await this.#call("read");
      const length = Math.min(buffer.length, file.bytes.length - offset);
      if (length <= 0) return null;
      const count = this.#random.chance(0.2) ? this.#random.integer(1, length) : length;
      buffer.set(file.bytes.subarray(offset, offset += count));
      return count;
    };
    return { read, [Symbol.dispose]() {} } as Deno.FsFile;
  };

  /** See `Deno.watchFs`. */
  readonly watchFs = (): Deno.FsWatcher => {
    this.#throwIfDue("watch");
    let wake: (() => void) | undefined;
    let isClosed = false;
    const notify = (): void => wake?.();
    const throwIfDue = (): void => this.#throwIfDue("watch event");
    this.#watchers.add(notify);
    async function* listen(): AsyncGenerator<Deno.FsEvent> {
      while (!isClosed) {
        await new Promise<void>((resolve) => wake = resolve);
        if (isClosed) return;
        throwIfDue();
        yield { kind: "any", paths: [] };
      }
    }
    const close = (): void => {
      isClosed = true;
      this.#watchers.delete(notify);
      notify();
    };
    return Object.assign(listen(), { close }) as unknown as Deno.FsWatcher;
  };

  #get(): File {
    if (!this.#file) throw new Deno.errors.NotFound("No such file or directory (os error 2)");
    return this.#file;
  }

  async #call(name: string): Promise<void> {
    this.#machine.activity++;
    if (this.#random.chance(0.3)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#machine.setTimer(resolve, this.#random.integer(1, 80));
      await promise;
    }
    this.#throwIfDue(name);
  }

  #throwIfDue(name: string): void {
    if (!this.#fault || --this.#fault.calls > 0) return;
    const { kind } = this.#fault;
    if (--this.#fault.times <= 0) this.#fault = undefined;
    this.#trace(`the disk fails: ${name}: ${kind}`);
    if (kind === "missing") throw new Deno.errors.NotFound("No such file or directory (os error 2)");
    if (kind === "forbidden") throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
    throw new Error("Input/output error (os error 5)");
  }

  /** Some events get lost, as with network file systems. */
  #notify(): void {
    for (const notify of this.#watchers) if (this.#random.chance(0.8)) notify();
  }
}
