import { FileSource, type FileSourceOptions } from "../../lib/source/file_source.ts";
import { type Clock, type FileSystem, MACHINE_FS } from "../../lib/source/platform.ts";
import type { Log } from "../../lib/observe/mod.ts";

/** How long a test waits for something that should come, in ms, before it fails: no measure of speed. */
const PATIENCE_MS = 30_000;

/** Looks, but cannot watch. */
export const POLL_ONLY: FileSystem = {
  ...MACHINE_FS,
  watchFs() {
    throw new Deno.errors.NotCapable("Requires read access");
  },
};

/** Sleeps a tenth of the time. */
export const QUICK_CLOCK: Clock = {
  now: Date.now,
  uptime: Date.now,
  sleep(ms, signal) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms / 10);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    if (signal.aborted) clearTimeout(timer), resolve();
    return promise;
  },
};

/** What came, in order, and a way to wait for what is still to come. */
export class Inbox<T> {
  readonly items: T[] = [];
  #arrived = Promise.withResolvers<void>();

  push(item: T): void {
    this.items.push(item);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** Waits for an item that passes, counting from the `from`-th that ever came. */
  async find(passes: (item: T) => boolean, from = 0): Promise<T> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#arrived.resolve();
    }, PATIENCE_MS);
    try {
      for (let i = from; !isLate; i++) {
        while (i >= this.items.length && !isLate) await this.#arrived.promise;
        if (i < this.items.length && passes(this.items[i]!)) return this.items[i]!;
      }
    } finally {
      clearTimeout(timer);
    }
    throw new Error(`Did not come in time; this came: ${JSON.stringify(this.items)}`);
  }
}

/** A source under test and all that it said. */
export interface Followed extends AsyncDisposable {
  /** Directory of the file, removed in the end. */
  directory: string;
  /** Path of the file; it begins with the content `first`, read. */
  path: string;
  source: FileSource;
  /** Contents handed over, as text. */
  contents: Inbox<string>;
  /** Log lines: level, colon, message with `FILE` for the path. */
  lines: Inbox<string>;
}

/** Follows a file in a new directory. */
export async function follow(options: Partial<FileSourceOptions> = {}): Promise<Followed> {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = options.path ?? `${directory}/flags.tar.gz`;
  if (!options.path) await Deno.writeTextFile(path, "first");
  const contents = new Inbox<string>();
  const lines = new Inbox<string>();
  const source = new FileSource({
    interval: 10,
    maxBytes: 1000,
    log: recordLog((line) => lines.push(line.replaceAll(path, "FILE"))),
    ...options,
    path,
    async onContent(content) {
      contents.push(new TextDecoder().decode(content.bytes));
      await options.onContent?.(content);
    },
  });
  await source.read(() => {});
  source.start();
  return {
    directory,
    path,
    source,
    contents,
    lines,
    async [Symbol.asyncDispose]() {
      await source.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Makes a log that gives each line with its level in front. */
export function recordLog(write: (line: string) => void): Log {
  return {
    debug: (message) => write(`debug: ${message}`),
    info: (message) => write(`info: ${message}`),
    warn: (message) => write(`warn: ${message}`),
    error: (message) => write(`error: ${message}`),
    warnOnce: (message) => write(`warn: ${message}`),
  };
}

/** Puts a file in place of another in one step. */
export async function replace(path: string, content: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, content);
  await Deno.rename(`${path}.new`, path);
}

/** Longer than any test: nobody looks unless an event says so. */
export const NEVER_MS: number = 1e9;

/** The two ways to notice a change, each alone. */
export const WAYS: [name: string, options: Partial<FileSourceOptions>][] = [
  ["events alone", { interval: NEVER_MS }],
  ["polling alone", { fs: POLL_ONLY }],
];

/** A test for each of them. */
export function eachWay(name: string, test: (options: Partial<FileSourceOptions>) => Promise<void>): void {
  for (const [way, options] of WAYS) Deno.test(`FileSource ${name}, by ${way}`, () => test(options));
}
