import { EventEmitter } from "node:events";
import type { Worker } from "node:worker_threads";
import { answerLoad, type LoadRequest } from "../../lib/load/mod.ts";
import type { World } from "./world.ts";

/** What happens to a loading thread instead of an answer. */
export type ThreadFault = "crash" | "out of memory" | "exit" | "hang";

/** Longest times that a load takes: ms. */
const LOAD_TIMES = [1, 20, 200, 5_000];

/** The loading threads of a simulated machine: they load by direct calls, and fail when told to. */
export class LoadingThreads {
  readonly #world: World;
  #fault: { kind: ThreadFault; times: number } | undefined;

  /**
   * Creates them; none is running.
   *
   * @param world Their surroundings.
   */
  constructor(world: World) {
    this.#world = world;
  }

  /** Has the next loads fail: `times` in all. */
  fail(kind: ThreadFault, times: number): void {
    this.#fault = { kind, times };
  }

  /** Ends all faults. */
  mend(): void {
    this.#fault = undefined;
  }

  /** Starts a thread. */
  readonly start = (): Worker => {
    this.#world.machine.activity++;
    return new SimulatedWorker((thread, request) => this.#load(thread, request)) as unknown as Worker;
  };

  async #load(thread: SimulatedWorker, request: LoadRequest): Promise<void> {
    const { machine, random } = this.#world;
    await machine.sleep(random.integer(1, random.pick(LOAD_TIMES)), thread.ending.signal);
    if (thread.ending.signal.aborted) return;
    machine.activity++;
    if (this.#fault) return this.#failNow(thread);
    await answerLoad(request, (reply) => thread.emit("message", reply));
  }

  #failNow(thread: SimulatedWorker): void {
    const { kind } = this.#fault!;
    if (--this.#fault!.times <= 0) this.#fault = undefined;
    this.#world.trace(`the loading thread fails: ${kind}`);
    thread.ending.abort();
    if (kind === "hang") return;
    const code = kind === "out of memory" ? { code: "ERR_WORKER_OUT_OF_MEMORY" } : {};
    if (kind !== "exit") thread.emit("error", Object.assign(new Error("it crashed"), code));
    thread.emit("exit", 1);
  }
}

/** A thread as {@linkcode Worker} shows it. */
class SimulatedWorker extends EventEmitter {
  /** Aborted when it ends. */
  readonly ending = new AbortController();
  readonly #load: (thread: SimulatedWorker, request: LoadRequest) => Promise<void>;

  constructor(load: (thread: SimulatedWorker, request: LoadRequest) => Promise<void>) {
    super();
    this.#load = load;
  }

  postMessage(request: LoadRequest): void {
    this.#load(this, request).catch((error) => this.emit("error", error));
  }

  terminate(): Promise<number> {
    this.ending.abort();
    if (this.listenerCount("exit") > 0) this.emit("exit", 1);
    return Promise.resolve(1);
  }
}
