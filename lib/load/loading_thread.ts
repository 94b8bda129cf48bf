import { Worker } from "node:worker_threads";
import type { LoadReply, LoadRequest } from "./load_archive.ts";
import { TransientError } from "../source/mod.ts";
import { workerUrl } from "./worker_url.ts";

/** Longest time that a load takes. The largest archive takes some seconds on a slow host; more is a hang. @limit ms: the load fails, the previous data stays in use */
const LOAD_DEADLINE = 60_000;

/**
 * Largest heap of the loading thread. Parsed JSON takes about four times its text, and an archive may have 512 MiB of it.
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
}

/**
 * Tells whether a thread can be started: it reads its own source, which permissions may forbid. (One in a URL needs none.)
 *
 * @param url Where the thread's code is. @default {workerUrl()}
 * @returns Whether a `LoadingThread` can be started.
 */
export function canStartThread(url: URL = workerUrl()): boolean {
  if (url.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: new URL("../", url) }).state === "granted";
}

/**
 * A thread that loads archives, so that requests are served meanwhile. It is started beforehand and kept, because starting
 * one holds up requests for some 25 ms. One that fails is thrown away, and the next load starts another.
 */
export class LoadingThread {
  readonly #options: Required<LoadOptions>;
  #worker: Worker | undefined;

  /**
   * Starts the thread.
   *
   * @param options Deadline and heap.
   */
  constructor({ url = workerUrl(), deadline = LOAD_DEADLINE, heapLimit = HEAP_LIMIT }: LoadOptions = {}) {
    this.#options = { url, deadline, heapLimit };
    this.#worker = this.#start();
  }

  /**
   * Loads an archive. One at a time: wait for it before the next.
   *
   * @param request The archive, which is handed over for good, and what is known already.
   * @returns How the load ended.
   * @throws {TransientError} When the thread crashes, runs out of memory or hangs.
   */
  async load(request: LoadRequest): Promise<LoadReply> {
    const { deadline } = this.#options;
    const worker = this.#worker ??= this.#start();
    const { promise, resolve, reject } = Promise.withResolvers<LoadReply>();
    const timer = setTimeout(() => reject(`took longer than ${deadline} ms`), deadline);
    const onError = (error: Error): void => reject(`crashed: ${error.message}`);
    const onExit = (): void => reject("ended without an answer");
    worker.once("message", resolve).once("error", onError).once("exit", onExit);
    try {
      worker.postMessage(request, [request.bytes]);
      return await promise;
    } catch (problem) {
      await this.close();
      const hint = "if the archive is large, give the host more memory";
      throw new TransientError(`Cannot load "${request.path}": the loading thread ${problem}`, hint);
    } finally {
      clearTimeout(timer);
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const { url, heapLimit } = this.#options;
    const worker = new Worker(url, { resourceLimits: { maxOldGenerationSizeMb: heapLimit } });
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on("error", forget).on("exit", forget);
  }
}
