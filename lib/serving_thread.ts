/**
 * A serving in a thread of its own: what is published to it, and what it reports, are messages.
 *
 * @module
 */
import process from "node:process";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { LiveSettings, Settings } from "./config/mod.ts";
import type { StreamCounter } from "./delivery/mod.ts";
import type { AddressCounter, Certificate, CountedConnection } from "./http/mod.ts";
import { type EnvironmentUse, type LoadedEnvironment, StorePublisher } from "./load/mod.ts";
import {
  describeError,
  isLogged,
  type Log,
  type LogFields,
  type LogLevel,
  type MetricState,
  once,
  Registry,
} from "./observe/mod.ts";
import type { RelayStatus } from "./routes/mod.ts";
import { Serving } from "./serving.ts";
import { Store } from "./store/mod.ts";

/** What a serving thread starts with. */
export interface ThreadData {
  /** Always `serving`: other threads have other data. */
  kind: "serving";
  /** All settings, with the ports that all threads share. */
  settings: Settings;
  /** Position of the thread among all. */
  index: number;
  /** Number of swaps so far, shared by the stores of all threads: one integer. */
  swaps: SharedArrayBuffer;
  /** Number of open streams of each thread: integers. */
  streams: SharedArrayBuffer;
  /** Environments to begin with: lists to be staged one after the other. */
  loaded: LoadedEnvironment[][];
  /** Times at which environments were first served: ms since epoch, by ID. */
  since: ReadonlyMap<string, number>;
  /** Status of the relay. */
  status: RelayStatus;
  /** PEM of what TLS is served with, if it is. */
  certificate?: Certificate;
}

/** Message to a serving thread. */
export type ThreadRequest =
  | { type: "stage"; loaded: readonly LoadedEnvironment[]; now: number }
  | { type: "update" }
  | { type: "status"; status: RelayStatus }
  | { type: "list uses" }
  | { type: "list metrics" }
  | { type: "certificate"; certificate: Certificate }
  | { type: "settings"; settings: LiveSettings }
  | { type: "refuse connection"; id: number }
  | { type: "close"; grace: number };

/** Message of a serving thread. */
export type ThreadReply =
  | { type: "listening"; addresses: Deno.NetAddr[] }
  | { type: "cannot listen"; message: string; hint: string }
  | { type: "staged" }
  | { type: "metrics"; metrics: readonly MetricState[] }
  | { type: "uses"; uses: ReadonlyMap<string, EnvironmentUse> }
  | { type: "log"; level: Exclude<LogLevel, "none"> | "once"; message: string; fields: LogFields }
  | { type: "limit reached"; environment: string }
  | { type: "connected"; id: number; address: string }
  | { type: "disconnected"; id: number }
  | { type: "crashed"; error: string }
  | { type: "closed" };

/**
 * Reports whether this is a serving thread.
 *
 * @returns Whether {@linkcode runServingThread} is to be called.
 */
export function isServingThread(): boolean {
  return !isMainThread && (workerData as ThreadData | undefined)?.kind === "serving";
}

/** Serves in this thread until it is told to stop. */
export async function runServingThread(): Promise<void> {
  const { settings, index, swaps, streams, loaded, since, certificate, ...rest } = workerData as ThreadData;
  let { status } = rest;
  let { logLevel } = settings;
  globalThis.addEventListener("error", (event) => crash(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => crash(event, event.reason));
  const counter = new SharedAddressCounter();
  const registry = new Registry();
  const log = forwardLog(() => logLevel);
  const serving = new Serving({
    settings,
    log,
    meter: registry,
    store: new Store(Date.now, new Int32Array(swaps)),
    streamCounter: countStreams(new Int32Array(streams), index),
    ...settings.maxConnectionsPerAddress > 0 && { addressCounter: counter },
    status: () => status,
    onLimit: (environment) => post({ type: "limit reached", environment }),
  });
  const { store } = serving;
  const publisher = new StorePublisher(store);
  // Messages that nobody listens to would be lost.
  const isReady = Promise.withResolvers<void>();
  parentPort!.on("message", (request: ThreadRequest) => void isReady.promise.then(() => answer(request)));
  for (const environments of loaded) {
    await publisher.stage(environments, { since });
    // What the other threads serve already.
    store.catchUp();
  }
  isReady.resolve();

  async function answer(request: ThreadRequest): Promise<void> {
    switch (request.type) {
      case "stage":
        await publisher.stage(request.loaded, request);
        return post({ type: "staged" });
      case "update":
        return await serving.update();
      case "status":
        status = request.status;
        return;
      case "list metrics":
        return post({ type: "metrics", metrics: registry.list() });
      case "list uses":
        return post({ type: "uses", uses: await publisher.listUses() });
      case "certificate":
        return setCertificate(request.certificate);
      case "settings":
        logLevel = request.settings.logLevel;
        return serving.reconfigure(request.settings);
      case "refuse connection":
        return counter.refuse(request.id);
      case "close":
        await serving.close(request.grace);
        return post({ type: "closed" });
    }
  }
  function setCertificate(certificate: Certificate): void {
    try {
      serving.setCertificate(certificate);
    } catch (error) {
      log.error("The new certificate is not used, the one before stays", {
        error: (error as Error).message,
      });
    }
  }
  try {
    const addresses = await serving.listen({ reusePort: true, ...certificate && { certificate } });
    post({ type: "listening", addresses });
  } catch (error) {
    const { message, hint = "" } = error as Error & { hint?: string };
    post({ type: "cannot listen", message, hint });
  }
}

function post(reply: ThreadReply): void {
  parentPort!.postMessage(reply);
}

/** Reports an error that nobody has caught, and ends the thread: its state can no longer be relied on. */
function crash(event: Event, error: unknown): void {
  event.preventDefault();
  post({ type: "crashed", error: describeError(error) });
  // In the next turn, so that the message is sent.
  setTimeout(() => process.exit(1));
}

/** Creates a log that hands over what is worth it to the main thread. */
function forwardLog(least: () => LogLevel): Log {
  const levels = ["debug", "info", "warn", "error"] as const;
  function line(level: typeof levels[number] | "once"): (message: string, fields?: LogFields) => void {
    return (message, fields = {}) => {
      if (isLogged(level === "once" ? "warn" : level, least)) post({ type: "log", level, message, fields });
    };
  }
  const [debug, info, warn, error] = levels.map(line);
  return { debug: debug!, info: info!, warn: warn!, error: error!, warnOnce: once(line("once"), least) };
}

/** Has the main thread count the connections of all threads. */
class SharedAddressCounter implements AddressCounter {
  readonly #open = new Map<number, () => void>();
  #lastId = 0;

  open(address: string, refuse: () => void): CountedConnection {
    const id = ++this.#lastId;
    this.#open.set(id, refuse);
    post({ type: "connected", id, address });
    return {
      close: () => {
        this.#open.delete(id);
        post({ type: "disconnected", id });
      },
    };
  }

  /** Refuses a connection, if it has not ended by itself. */
  refuse(id: number): void {
    this.#open.get(id)?.();
  }
}

/** Counts the streams of all threads, each in a place of its own. */
function countStreams(counts: Int32Array, index: number): StreamCounter {
  return {
    set: (count) => void Atomics.store(counts, index, count),
    get total() {
      let total = 0;
      for (let i = 0; i < counts.length; i++) total += Atomics.load(counts, i);
      return total;
    },
  };
}
