import { Worker } from "node:worker_threads";
import { TransientError } from "../source/mod.ts";
import type { LoadedEnvironment, LoadRequest } from "./load_archive.ts";
import { toError } from "./load_failure.ts";
import type { LoadReply } from "./worker.ts";
import { workerUrl } from "./worker_url.ts";

/** Longest time that a load takes. The largest archive takes some seconds on a slow host; more is a hang. @limit ms: the load fails, the previous data stays in use */
const LOAD_DEADLINE = 60_000;

/** How long the thread waits for another load: ms. Its memory is given back then; starting it again takes 35 to 70 ms. */
const IDLE_TIME = 30_000;

/**
 * Largest heap of the loading thread. It parses one flag or segment at a time, of up to 256 MiB of text.
 * Without a limit of its own, a thread that runs out would take the process with it.
 *
 * @limit MiB: the load fails, the previous data stays in use
 */
const HEAP_LIMIT = 4096;

/** How a load is run; tests make it fail. */
export interface LoadOptions {
  /** Where the thread's code is. @default {workerUrl()} */
  url?: URL;
  /** How long it may take: ms. @default {60_000} */
  deadline?: number;
  /** Its heap: MiB. @default {4096} */
  heapLimit?: number;
  /** How long it waits for another load: ms. @default {30_000} */
  idleTime?: number;
}

/**
 * Reports whether a thread can be started: it reads its own source, which permissions may forbid. (One in a URL needs none.)
 *
 * @param url Where the thread's code is. @default {workerUrl()}
 * @returns Whether a {@linkcode LoadingThread} can be started.
 */
export function canStartThread(url: URL = workerUrl()): boolean {
  if (url.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: new URL("../", url) }).state === "granted";
}

/**
 * A thread that loads archives, so that requests are served meanwhile. It is started beforehand where that can be known, because
 * starting one holds up requests for some 50 ms, and ends when there has been nothing to load for a while. One that fails is
 * thrown away, and the next load starts another.
 */
export class LoadingThread {
  readonly #options: Required<LoadOptions>;
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #isLoading = false;

  /**
   * Makes a thread that is not started yet.
   *
   * @param options Deadline and heap.
   */
  constructor(
    { url = workerUrl(), deadline = LOAD_DEADLINE, heapLimit = HEAP_LIMIT, idleTime = IDLE_TIME }:
      LoadOptions = {},
  ) {
    this.#options = { url, deadline, heapLimit, idleTime };
  }

  /** Starts the thread if it is not running: a load is to be expected. */
  start(): void {
    this.#worker ??= this.#startWorker();
    this.#waitForLoad();
  }

  /** Whether the thread is running. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Loads an archive. One at a time: wait for it before the next.
   *
   * @param request The archive, which is handed over for good, and what is known already.
   * @returns The environments, in ascending order of ID.
   * @throws {LoadError} When the archive is refused.
   * @throws {TransientError} When the thread crashes, runs out of memory or hangs.
   */
  async load(request: LoadRequest): Promise<LoadedEnvironment[]> {
    const { deadline } = this.#options;
    this.#isLoading = true;
    this.start();
    const worker = this.#worker!;
    const environments: LoadedEnvironment[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<LoadReply>();
    const timer = setTimeout(() => reject(`took longer than ${deadline} ms`), deadline);
    const onMessage = (reply: LoadReply): unknown =>
      "loaded" in reply ? environments.push(reply.loaded) : resolve(reply);
    const onError = (error: Error): void => reject(`crashed: ${error.message}`);
    const onExit = (): void => reject("ended without an answer");
    worker.on("message", onMessage).once("error", onError).once("exit", onExit);
    let reply: LoadReply;
    try {
      worker.postMessage(request, [request.bytes]);
      reply = await promise;
    } catch (problem) {
      await this.close();
      const hint = "if the archive is large, give the host more memory";
      throw new TransientError(`Cannot load "${request.path}": the loading thread ${problem}`, hint);
    } finally {
      this.#isLoading = false;
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    }
    this.#waitForLoad();
    if ("failure" in reply) throw toError(reply.failure);
    return environments;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #waitForLoad(): void {
    clearTimeout(this.#idle);
    // A file that changes during a load has the thread started once more.
    if (this.#isLoading || this.#worker === undefined) return;
    this.#idle = setTimeout(() => this.close(), this.#options.idleTime);
  }

  #startWorker(): Worker {
    const { url, heapLimit } = this.#options;
    const worker = new Worker(url, { resourceLimits: { maxOldGenerationSizeMb: heapLimit } });
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on("error", forget).on("exit", forget);
  }
}
