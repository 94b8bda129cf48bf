import { setTimeout as wait } from "node:timers/promises";
import type { LiveSettings, Settings } from "./config/mod.ts";
import {
  type AddressCounter,
  type Certificate,
  checkPort,
  createAddressCounter,
  ListenError,
} from "./http/mod.ts";
import {
  type EnvironmentUse,
  type LoadedEnvironment,
  type Publisher,
  StorePublisher,
  toCurrent,
} from "./load/mod.ts";
import { type Log, type MetricState, sumMetrics } from "./observe/mod.ts";
import type { RelayStatus } from "./routes/mod.ts";
import type { ThreadData, ThreadReply, ThreadRequest } from "./serving_thread.ts";
import { share } from "./snapshot/mod.ts";
import { type EnvironmentChange, Store, type StoredEnvironment } from "./store/mod.ts";
import { Thread } from "./thread.ts";
import { threadUrl } from "./thread_url.ts";

/** Longest time until the threads know of a change of the relay's status: ms. */
const STATUS_INTERVAL = 100;

/** Longest time that a thread has beyond the grace period to say that it has closed. @limit ms: it is ended */
const CLOSING_SLACK = 1_000;

/** Longest time for a thread's metrics: ms. One that is busy must not keep those of the others. @limit ms: those that it had before count */
const METRICS_TIMEOUT = 1_000;

/** Pause before the first thread that takes the place of one that did not live long: ms. It doubles each time. */
const FIRST_PAUSE = 100;

/** Longest such pause. @limit ms: it does not grow further */
const MAX_PAUSE = 10_000;

/** Life after which a thread's end is no sign that the next one would end as well: ms. */
const LONG_LIFE = 60_000;

/** Options for {@linkcode ServingThreads}. */
export interface ServingThreadsOptions {
  /** Number of threads. */
  count: number;
  /** All settings. */
  settings: Settings;
  /** Log. */
  log: Log;
  /** Returns how the relay stands. */
  status(): RelayStatus;
  /** Called when an evaluation fails at a limit. */
  onLimit(environment: string): void;
  /** Called when a thread takes the place of one that has died. */
  onRestart(): void;
  /** Called when no thread serves and none can be started. */
  onFailure(error: unknown): void;
  /** URL of the threads' code. @default {threadUrl()} */
  url?: URL;
}

/**
 * Serves in several threads, each on a processor core of its own: they listen on the same ports, and the kernel gives each its
 * share of the connections. This thread only publishes to them, in shared memory. One that dies is replaced.
 */
export class ServingThreads implements Publisher {
  /** Store of what is served. No client is served from it. */
  readonly store: Store;
  readonly #options: ServingThreadsOptions;
  readonly #publisher: StorePublisher;
  readonly #swaps = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #streams: SharedArrayBuffer;
  readonly #threads: Thread[];
  /** What threads that start later begin with. */
  readonly #prepared = new Map<string, LoadedEnvironment>();
  readonly #addressCounter: AddressCounter;
  /** Settings with the ports that are listened on. */
  #settings: Settings;
  /** End of what is under way: threads start and swaps take place one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** PEM of what TLS is served with, if it is. */
  #certificate: Certificate | undefined;
  /** Reasons why threads cannot be started, by position. */
  readonly #problems = new Map<number, string>();
  /** Status that the threads have been told, as text. */
  #status = "";
  readonly #statusTimer: ReturnType<typeof setInterval>;
  /** Sum of the counters of threads that have died, so that none falls. */
  #ended: readonly MetricState[] = [];
  #isClosing = false;

  /**
   * Creates it; no thread has been started.
   *
   * @param options Number of threads, settings, log and status.
   */
  constructor(options: ServingThreadsOptions) {
    const { count, settings } = options;
    this.#options = options;
    this.#streams = new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT);
    this.store = new Store(Date.now, new Int32Array(this.#swaps));
    this.#publisher = new StorePublisher(this.store);
    this.#threads = Array.from({ length: count }, (_, index) => new Thread(index));
    this.#addressCounter = createAddressCounter(settings.maxConnectionsPerAddress);
    this.#statusTimer = setInterval(() => this.updateStatus(), STATUS_INTERVAL);
    this.#settings = {
      ...settings,
      maxPayloadBytesInFlight: Math.ceil(settings.maxPayloadBytesInFlight / count),
    };
  }

  /** See {@linkcode Publisher}. */
  get environments(): readonly StoredEnvironment[] {
    return this.#publisher.environments;
  }

  /**
   * Starts the threads.
   *
   * @param certificate PEM of what TLS is served with, if it is.
   * @returns Where they listen: the address of `port` and, if it is set, that of `streamPort`.
   * @throws {ListenError} When they cannot listen.
   */
  async listen(certificate?: Certificate): Promise<Deno.NetAddr[]> {
    this.#certificate = certificate;
    const { port, streamPort, bindAddress } = this.#settings;
    if (!("listenDatagram" in Deno)) {
      throw new ListenError(
        "Cannot serve in several threads without --unstable-net, since they share a port",
        "add --unstable-net to the command line, or leave out THREADS ([Main] threads)",
        undefined,
      );
    }
    checkPort({ port, bindAddress });
    if (streamPort !== undefined) checkPort({ port: streamPort, bindAddress, isForStreams: true });
    return await this.#inTurn(async () => {
      const [first, ...others] = this.#threads;
      const addresses = await this.#start(first!);
      this.#settings = {
        ...this.#settings,
        port: addresses[0]!.port,
        ...addresses[1] && { streamPort: addresses[1].port },
      };
      await Promise.all(others.map((thread) => this.#start(thread)));
      return addresses;
    });
  }

  /**
   * Gives new connections another certificate.
   *
   * @param certificate PEM of a good one and its key.
   */
  setCertificate(certificate: Certificate): void {
    // Not while a thread starts, with the one before.
    this.#inTurn(() => {
      this.#certificate = certificate;
      this.#tell({ type: "certificate", certificate });
      return Promise.resolve();
    });
  }

  /**
   * Applies other settings.
   *
   * @param settings The settings.
   */
  reconfigure(settings: LiveSettings): void {
    // Not while a thread starts, with those before.
    this.#inTurn(() => {
      this.#settings = { ...this.#settings, ...settings };
      this.#tell({ type: "settings", settings });
      return Promise.resolve();
    });
  }

  /** See {@linkcode Publisher}. */
  async listUses(): Promise<ReadonlyMap<string, EnvironmentUse>> {
    const all = new Map<string, EnvironmentUse>();
    const replies = await Promise.all(
      this.#threads.map((thread) => thread.ask({ type: "list uses" }, "uses")),
    );
    for (const [id, { compressed, evaluations }] of replies.flatMap((reply) => [...reply?.uses ?? []])) {
      const known = all.get(id);
      all.set(id, {
        compressed: {
          all: compressed.all || known?.compressed.all === true,
          flags: compressed.flags || known?.compressed.flags === true,
        },
        evaluations: evaluations + (known?.evaluations ?? 0),
      });
    }
    return all;
  }

  /**
   * Lists the metrics of all threads, those that have died included.
   *
   * @returns Metrics of each.
   */
  async listMetrics(): Promise<(readonly MetricState[])[]> {
    const end = new AbortController();
    const late = wait(METRICS_TIMEOUT, undefined, { ref: false, signal: end.signal }).catch(() => undefined);
    const current = await Promise.all(this.#threads.map(async (thread) => {
      const reply = await Promise.race([thread.ask({ type: "list metrics" }, "metrics"), late]);
      if (reply) thread.metrics = reply.metrics;
      return thread.metrics;
    }));
    end.abort();
    return [this.#ended, ...current];
  }

  /** See {@linkcode Publisher}. The swap reaches all threads at the same time, before any of their streams is told. */
  publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]> {
    return this.#inTurn(async () => {
      for (const environment of loaded) {
        if ("prepared" in environment) environment.prepared = share(environment.prepared);
      }
      const now = Date.now();
      const changes = await this.#publisher.stage(loaded, { now });
      // One after the other: what they compile meanwhile is garbage in part.
      for (const thread of this.#threads) await thread.ask({ type: "stage", loaded, now }, "staged");
      this.store.swap();
      this.#keep(loaded);
      this.#tell({ type: "update" });
      return changes;
    });
  }

  /** Tells the threads how the relay stands, if that has changed. */
  updateStatus(): void {
    const status = this.#options.status();
    const text = JSON.stringify([status, [...status.evaluationLimitsReached]]);
    if (text === this.#status) return;
    this.#status = text;
    this.#tell({ type: "status", status });
  }

  /**
   * Stops listening, closes streams one by one, and waits for the requests in flight.
   *
   * @param grace How long that may take: ms. @default {0}
   */
  async close(grace = 0): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#statusTimer);
    const deadline = grace + CLOSING_SLACK;
    await Promise.all(
      this.#threads.map(async (thread) => {
        await thread.ask({ type: "close", grace }, "closed", deadline);
        await thread.end();
      }),
    );
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #tell(request: ThreadRequest): void {
    for (const thread of this.#threads) thread.tell(request);
  }

  /** Remembers what is served, for threads that start later. */
  #keep(loaded: readonly LoadedEnvironment[]): void {
    const ids = new Set(loaded.map(({ id }) => id));
    for (const id of this.#prepared.keys()) if (!ids.has(id)) this.#prepared.delete(id);
    for (const environment of loaded) {
      if ("prepared" in environment) this.#prepared.set(environment.id, environment);
    }
  }

  /** Lists what a thread begins with: the data of all environments, then the faults of those that have one. */
  #listLoaded(): LoadedEnvironment[][] {
    if (!this.store.ready) return [];
    const { environments } = this.store;
    const prepared = environments.flatMap(({ id, metadata }) => {
      const environment = this.#prepared.get(id);
      if (!environment || !("prepared" in environment)) return [];
      return [{ ...environment, prepared: { ...environment.prepared, metadata: metadata! } }];
    });
    return [prepared, environments.map(toCurrent)];
  }

  async #start(thread: Thread): Promise<Deno.NetAddr[]> {
    const { url = threadUrl(), status } = this.#options;
    const { environments } = this.store;
    // A port can be shared, a path cannot.
    const { unixSocket, ...settings } = this.#settings;
    const data: ThreadData = {
      kind: "serving",
      settings: { ...settings, ...thread.index === 0 && unixSocket !== undefined && { unixSocket } },
      index: thread.index,
      swaps: this.#swaps,
      streams: this.#streams,
      loaded: this.#listLoaded(),
      since: new Map(environments.map(({ id, since }) => [id, since])),
      status: status(),
      ...this.#certificate && { certificate: this.#certificate },
    };
    const reply = await thread.start(url, data, {
      onReply: (reply) => this.#take(thread, reply),
      onEnd: (error) => this.#replace(thread, error),
    });
    if (reply.type === "listening") return reply.addresses;
    await thread.end();
    throw new ListenError(reply.message, reply.hint, undefined);
  }

  #take(thread: Thread, reply: ThreadReply): void {
    switch (reply.type) {
      case "limit reached":
        return this.#options.onLimit(reply.environment);
      case "connected": {
        const { id, address } = reply;
        const refuse = (): void => thread.tell({ type: "refuse connection", id });
        return void thread.connections.set(id, this.#addressCounter.open(address, refuse));
      }
      case "disconnected":
        thread.connections.get(reply.id)?.close();
        return void thread.connections.delete(reply.id);
      case "log":
        return this.#log(thread, reply);
    }
  }

  #log({ index }: Thread, { level, message, fields }: ThreadReply & { type: "log" }): void {
    const { log } = this.#options;
    if (level === "once") log.warnOnce(message, fields as Parameters<Log["warnOnce"]>[1]);
    else log[level](message, level === "debug" ? fields : { ...fields, thread: index + 1 });
  }

  /** Has another thread take the place of one that has died. */
  async #replace(thread: Thread, error: string): Promise<void> {
    new Int32Array(this.#streams)[thread.index] = 0;
    for (const connection of thread.connections.values()) connection.close();
    thread.connections.clear();
    const counted = thread.metrics.filter(({ type }) => type !== "gauge");
    this.#ended = sumMetrics([this.#ended, counted]);
    thread.metrics = [];
    if (this.#isClosing) return;
    const { log } = this.#options;
    const fields = { thread: thread.index + 1 };
    log.error("A serving thread has died, its connections are closed; another takes its place", {
      ...fields,
      error,
    });
    let pause = thread.age < LONG_LIFE ? thread.pause : 0;
    for (let isRunning = false; !isRunning;) {
      await wait(pause);
      thread.pause = pause = Math.min(Math.max(FIRST_PAUSE, 2 * pause), MAX_PAUSE);
      isRunning = await this.#inTurn(() => this.#restart(thread));
    }
    if (this.#isClosing) return;
    this.#options.onRestart();
    log.info("A serving thread has been replaced", fields);
  }

  /** Returns whether nothing more is to be done: a thread runs again, or none is needed any more. */
  async #restart(thread: Thread): Promise<boolean> {
    if (this.#isClosing) return true;
    try {
      await this.#start(thread);
      this.#problems.delete(thread.index);
      return true;
    } catch (error) {
      const { message } = error as Error;
      if (this.#problems.get(thread.index) !== message) {
        this.#options.log.error("Cannot start a serving thread; trying again with growing pauses", {
          thread: thread.index + 1,
          error: message,
        });
      }
      this.#problems.set(thread.index, message);
      if (this.#problems.size === this.#threads.length) this.#options.onFailure(error);
      return false;
    }
  }
}
