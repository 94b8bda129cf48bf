import { assertEquals } from "@std/assert";
import type { Clock, FileContent } from "../../lib/source/mod.ts";
import { Loader, StorePublisher } from "../../lib/load/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { makeLog } from "../_environments.ts";

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  /** Waits that have neither passed nor been ended. */
  readonly sleeps: { ms: number; resolve: () => void }[] = [];
  #now = 0;

  uptime(): number {
    return this.now();
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleep = { ms, resolve };
    this.sleeps.push(sleep);
    signal.addEventListener("abort", () => this.#end(sleep), { once: true });
    return promise;
  }

  /** Lets the only wait there is pass, and says how long it was. */
  pass(): number {
    assertEquals(this.sleeps.length, 1, "one wait");
    const [sleep] = this.sleeps;
    this.#now += sleep!.ms;
    this.#end(sleep!);
    return sleep!.ms;
  }

  #end(sleep: { ms: number; resolve: () => void }): void {
    const index = this.sleeps.indexOf(sleep);
    if (index >= 0) this.sleeps.splice(index, 1);
    sleep.resolve();
  }
}

/** How a loading thread fails instead of answering, for as long as a test wants. */
export type ThreadFault = "ends" | "crashes" | "hangs";

const FAULTS: Record<ThreadFault, string> = {
  ends: "process.exit(3);",
  crashes: "throw new Error('boom');",
  hangs: "while (existsSync(FAULTY));",
};

/** A loader under test, with a thread that can be made to fail, and the file that it reads again. */
export class LoaderBench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly store = new Store();
  readonly log = makeLog();
  readonly loader: Loader;
  /** What is read when a load is tried again; nothing when it is gone. */
  file: FileContent | undefined;
  /** How the last load that was tried again ended. */
  retried: Promise<unknown> = Promise.resolve();
  readonly #directory: string;

  constructor(fault: ThreadFault = "ends") {
    this.#directory = Deno.makeTempDirSync({ prefix: "halyard-loader-" });
    const code = `
      import { existsSync } from "node:fs";
      import { parentPort } from "node:worker_threads";
      import ${JSON.stringify(import.meta.resolve("../../lib/load/worker.ts"))};
      const FAULTY = ${JSON.stringify(this.#faulty)};
      const post = parentPort.postMessage.bind(parentPort);
      parentPort.postMessage = (reply, transfer) => {
        if (!existsSync(FAULTY)) return post(reply, transfer);
        ${FAULTS[fault]}
      };
    `;
    this.loader = new Loader({
      path: "flags.tar.gz",
      maxBytes: 1_000_000,
      publisher: new StorePublisher(this.store),
      log: this.log,
      clock: this.clock,
      worker: {
        url: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
        smallFile: 0,
        deadline: fault === "hangs" ? 3_000 : 30_000,
      },
      readAgain: () => void (this.retried = this.reload()),
    });
  }

  get #faulty(): string {
    return `${this.#directory}/faulty`;
  }

  /** Makes each thread fail, or work. */
  async setFaulty(isFaulty: boolean): Promise<void> {
    if (isFaulty) await Deno.writeTextFile(this.#faulty, "");
    else await Deno.remove(this.#faulty);
  }

  /** Puts another content into the file. */
  put(bytes: Uint8Array<ArrayBuffer>, isAtRest = true): void {
    this.file = { bytes, digest: String(bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 7)), isAtRest };
  }

  /** Has the loader reload what the file holds; gives what it throws. */
  async reload(): Promise<unknown> {
    if (!this.file) return;
    const content = { ...this.file, bytes: this.file.bytes.slice() };
    return await this.loader.reload(content).then(() => undefined, (error) => error);
  }

  /** Lets the wait for the next try pass, and gives how long it was when that try has ended. */
  async retry(): Promise<number> {
    const ms = this.clock.pass();
    await Promise.resolve(); // the loader reads again in the turn after the wait
    await Promise.resolve();
    await this.retried;
    return ms;
  }

  /** The lines of a level, so far. */
  lines(level: string): string[] {
    return this.log.lines.filter((line) => line.startsWith(`${level}: `));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loader.close();
    await Deno.remove(this.#directory, { recursive: true });
  }
}
