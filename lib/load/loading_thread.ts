import { Worker, type WorkerOptions } from "node:worker_threads";
import { TransientError } from "../source/mod.ts";
import type { LoadReply } from "./answer_load.ts";
import type { LoadedEnvironment, LoadRequest } from "./load_archive.ts";
import { toError } from "./load_failure.ts";
import { workerUrl } from "./worker_url.ts";

/** Number of bytes in a mebibyte. */
const MiB = 1_048_576;

/**
 * Timeout of a load. The largest archive needs some seconds on a slow host; more is a hang.
 *
 * @limit ms: the load fails, the previous data stays in use
 */
const LOAD_DEADLINE = 60_000;

/** Idle time after which the thread ends: ms. That releases its memory; starting it again takes 35 to 70 ms. */
const IDLE_TIME = 30_000;

/**
 * Space for new objects in the loading thread: MiB. Less than V8's own, since a load is all new objects: 100,000 small flags need a
 * quarter less memory.
 */
const YOUNG_HEAP = 4;

/**
 * Largest heap of the loading thread. It parses one flag or segment at a time, of up to 256 MiB of text.
 * Without a limit of its own, a thread that runs out would take the process with it.
 *
 * @limit MiB: the load fails, the previous data stays in use
 */
const HEAP_LIMIT = 4096;

/** Options for {@linkcode LoadingThread}. */
export interface LoadOptions {
  /** URL of the thread's code. @default {workerUrl()} */
  url?: URL;
  /** Starts the thread; for simulations. @default {a `Worker`} */
  startWorker?: (url: URL, options: WorkerOptions) => Worker;
  /** Timeout of a load: ms. @default {60_000} */
  deadline?: number;
  /** Largest heap: MiB. @default {4096} */
  heapLimit?: number;
  /** Idle time after which it ends: ms. @default {30_000} */
  idleTime?: number;
  /** Largest file that is loaded without it: bytes. @default {65_536} */
  smallFile?: number;
}

/**
 * Reports whether a thread can be started: it reads its own source, which permissions may forbid. (A `data:` URL needs none.)
 *
 * @param url URL of the thread's code. @default {workerUrl()}
 * @returns Whether a {@linkcode LoadingThread} can be started.
 */
export function canStartThread(url: URL = workerUrl()): boolean {
  if (url.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: new URL("../", url) }).state === "granted";
}

/**
 * Thread that loads archives, so that requests are served meanwhile. It is started ahead of an expected load, because starting
 * it holds up requests for some 50 ms, and ends after an idle time. A failed thread is discarded, and the next load starts another.
 */
export class LoadingThread {
  readonly #options: Required<Omit<LoadOptions, "smallFile">>;
  #worker: Worker | undefined;
  /** Heap limit of the running thread: MiB. */
  #heapLimit = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #isLoading = false;

  /**
   * Creates a thread that is not started yet.
   *
   * @param options Timeouts and heap.
   */
  constructor(
    {
      url = workerUrl(),
      startWorker = (url, options) => new Worker(url, options),
      deadline = LOAD_DEADLINE,
      heapLimit = HEAP_LIMIT,
      idleTime = IDLE_TIME,
    }: LoadOptions = {},
  ) {
    this.#options = { url, startWorker, deadline, heapLimit, idleTime };
  }

  /**
   * Starts the thread if it is not running, ahead of an expected load.
   *
   * @param heapBytes Memory for its heap, about: bytes. @default {what is set}
   */
  start(heapBytes = Infinity): void {
    this.#worker ??= this.#startWorker(this.#toLimit(heapBytes));
    this.#waitForLoad();
  }

  /** Whether the thread is running. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Loads an archive. One at a time: wait for it before the next.
   *
   * @param request The archive, whose bytes are transferred, and the environments that are known already.
   * @param heapBytes Memory for its heap: bytes. A running thread with another limit is replaced, unless it has at least half as
   * much. @default {what is set}
   * @returns The environments, in ascending order of ID.
   * @throws {LoadError} When the archive is refused.
   * @throws {TransientError} When the thread crashes, runs out of memory or hangs.
   */
  async load(request: LoadRequest, heapBytes = Infinity): Promise<LoadedEnvironment[]> {
    const { deadline } = this.#options;
    const limit = this.#toLimit(heapBytes);
    if (this.#heapLimit > limit || this.#heapLimit < limit / 2) await this.close();
    this.#worker ??= this.#startWorker(limit);
    const worker = this.#worker;
    this.#isLoading = true;
    clearTimeout(this.#idle);
    const environments: LoadedEnvironment[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<LoadReply>();
    const timer = setTimeout(() => reject(`took longer than ${deadline} ms`), deadline);
    const onMessage = (reply: LoadReply): unknown =>
      "loaded" in reply ? environments.push(reply.loaded) : resolve(reply);
    const onError = (error: Error & { code?: string }): void =>
      reject(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? `needs more than the ${this.#heapLimit} MiB of heap that it may take`
          : `crashed: ${error.message}`,
      );
    const onExit = (): void => reject("ended without an answer");
    worker.on("message", onMessage).once("error", onError).once("exit", onExit);
    let reply: LoadReply;
    try {
      worker.postMessage(request, [request.bytes]);
      reply = await promise;
    } catch (problem) {
      await this.close();
      const hint = "if the archive is large, give the host, the container or the service more memory";
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
    this.#heapLimit = 0;
    await worker?.terminate();
  }

  #toLimit(heapBytes: number): number {
    return Math.min(this.#options.heapLimit, Math.floor(heapBytes / MiB));
  }

  #waitForLoad(): void {
    clearTimeout(this.#idle);
    // A file that changes during a load has the thread started once more.
    if (this.#isLoading || this.#worker === undefined) return;
    this.#idle = setTimeout(() => this.close(), this.#options.idleTime);
  }

  #startWorker(heapLimit: number): Worker {
    this.#heapLimit = heapLimit;
    const resourceLimits = { maxOldGenerationSizeMb: heapLimit, maxYoungGenerationSizeMb: YOUNG_HEAP };
    const { url, startWorker } = this.#options;
    const worker = startWorker(url, { resourceLimits });
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on("error", forget).on("exit", forget);
  }
}
