import { Worker } from "node:worker_threads";
import { type CountedConnection, ListenError } from "./http/mod.ts";
import type { MetricState } from "./observe/mod.ts";
import type { ThreadData, ThreadReply, ThreadRequest } from "./serving_thread.ts";

/** Longest time for an answer of a serving thread. Its slowest work takes some seconds. @limit ms: the thread is ended, its clients reconnect */
const ANSWER_DEADLINE = 30_000;

/** Largest heap of a serving thread. Without a limit of its own, a thread that runs out would take the process with it. @limit MiB: the thread is ended, its clients reconnect */
const HEAP_LIMIT = 4096;

/** Who listens to a thread. */
export interface ThreadListener {
  /** Called with each message. */
  onReply(reply: ThreadReply): void;
  /** Called when the thread has died. */
  onEnd(error: string): void;
}

/** One serving thread as the main one sees it, or the place for one. */
export class Thread {
  /** Position among all. */
  readonly index: number;
  /** Pause before the next one in its place: ms. */
  pause = 0;
  /** Its open connections by their number, where those of an address are limited. */
  readonly connections = new Map<number, CountedConnection>();
  /** Its metrics when they were last asked for. */
  metrics: readonly MetricState[] = [];
  #worker: Worker | undefined;
  #startedAt = 0;

  /**
   * Creates the place; no thread has been started.
   *
   * @param index Position among all.
   */
  constructor(index: number) {
    this.index = index;
  }

  /** Time since it was started: ms. */
  get age(): number {
    return performance.now() - this.#startedAt;
  }

  /** Starts it. Returns its first answer. */
  async start(
    url: URL,
    data: ThreadData,
    { onReply, onEnd }: ThreadListener,
  ): Promise<ThreadReply & { type: "listening" | "cannot listen" }> {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_LIMIT };
    const worker = this.#worker = new Worker(url, { workerData: data, resourceLimits });
    this.#startedAt = performance.now();
    let problem: string | undefined;
    let isRunning = false;
    worker.on("message", onReply);
    worker.on("message", (reply: ThreadReply) => {
      if (reply.type === "crashed") problem = reply.error;
    });
    worker.on("error", (error) => problem = error.message);
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      if (isRunning) onEnd(problem ?? "it has ended");
    });
    const reply = await this.#receive(["listening", "cannot listen"], ANSWER_DEADLINE);
    if (!reply) {
      await this.end();
      throw new ListenError(
        `A serving thread does not start (${problem ?? "no answer"})`,
        "from source, --allow-read must name main.ts and lib; else leave out THREADS ([Main] threads)",
        undefined,
      );
    }
    isRunning = true;
    return reply as ThreadReply & { type: "listening" | "cannot listen" };
  }

  /** Sends a message; nothing happens where there is no thread. */
  tell(request: ThreadRequest): void {
    this.#worker?.postMessage(request);
  }

  /** Sends a message and waits for the answer; `undefined` where there is no thread, or it has died. One that hangs is ended. */
  async ask<T extends ThreadReply["type"]>(
    request: ThreadRequest,
    type: T,
    deadline = ANSWER_DEADLINE,
  ): Promise<ThreadReply & { type: T } | undefined> {
    const worker = this.#worker;
    if (!worker) return undefined;
    const answer = this.#receive([type], deadline);
    worker.postMessage(request);
    const reply = await answer;
    if (!reply && this.#worker === worker) await worker.terminate();
    return reply as ThreadReply & { type: T } | undefined;
  }

  /** Ends it. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #receive(types: readonly ThreadReply["type"][], deadline: number): Promise<ThreadReply | undefined> {
    const worker = this.#worker!;
    const { promise, resolve } = Promise.withResolvers<ThreadReply | undefined>();
    function onMessage(reply: ThreadReply): void {
      if (types.includes(reply.type)) resolve(reply);
    }
    function onExit(): void {
      resolve(undefined);
    }
    const timer = setTimeout(onExit, deadline);
    worker.on("message", onMessage).on("exit", onExit);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("exit", onExit);
    });
  }
}
