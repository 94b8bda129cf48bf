import type { Settings } from "./config/mod.ts";
import { Delivery, type StreamCounter } from "./delivery/mod.ts";
import {
  type AddressCounter,
  createHandler,
  type Handler,
  listen,
  type ListenOptions,
  type Server,
} from "./http/mod.ts";
import type { Log, Meter } from "./observe/mod.ts";
import { ADMIN } from "./routes/admin/mod.ts";
import { EVENTS } from "./routes/events/mod.ts";
import { FDV1 } from "./routes/fdv1/mod.ts";
import { Evaluations, type RelayStatus, type Surface } from "./routes/mod.ts";
import type { Store } from "./store/mod.ts";

/** Every family of routes. */
const SURFACES: readonly Surface[] = [FDV1, EVENTS, ADMIN];

/** Share of the grace period over which streams are closed; the rest is for their last bytes to arrive. */
const CLOSING_SHARE = 0.9;

/** Options for {@linkcode Serving}. */
export interface ServingOptions {
  /** All settings. */
  settings: Settings;
  /** Log. */
  log: Log;
  /** Registry of metrics. */
  meter: Meter;
  /** Store of what is served. */
  store: Store;
  /** Counter of the streams of all threads, where there are several. */
  streamCounter?: StreamCounter;
  /** Counter of the connections of each address, where they are limited. */
  addressCounter?: AddressCounter;
  /** Returns how the relay stands. */
  status(): RelayStatus;
  /** Called when an evaluation fails at a limit. */
  onLimit(environment: string): void;
}

/** Serves one store to clients: its streams, every family of routes, and the server that listens. */
export class Serving {
  /** Store of what is served. After each swap, call {@linkcode Serving.update}. */
  readonly store: Store;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #delivery: Delivery;
  readonly #handler: Handler;
  readonly #addressCounter: AddressCounter | undefined;
  readonly #servers: Server[] = [];

  /**
   * Starts the timers of streams; nobody can connect before {@linkcode Serving.listen}.
   *
   * @param options Settings, log, meter, store and status.
   */
  constructor(options: ServingOptions) {
    const { settings, log, meter, store, streamCounter, status, onLimit } = options;
    const delivery = new Delivery({ ...settings, store, log, ...streamCounter && { streamCounter } });
    const evaluations = new Evaluations(log, onLimit);
    const services = { store, delivery, evaluations, log, meter, settings, status };
    const routes = SURFACES.flatMap((surface) => surface.routes(services));
    this.store = store;
    this.#addressCounter = options.addressCounter;
    this.#settings = settings;
    this.#log = log;
    this.#delivery = delivery;
    this.#handler = createHandler(routes, { store, log, meter, cors: settings });
  }

  /**
   * Lets clients connect.
   *
   * @param options Whether other threads listen on the same ports. @default {they do not}
   * @returns Where it listens: the address of `port` and, if it is set, that of `streamPort`.
   * @throws {ListenError} When it cannot listen.
   */
  async listen({ reusePort = false } = {}): Promise<Deno.NetAddr[]> {
    const { streamPort, ...settings } = this.#settings;
    const options = {
      ...settings,
      reusePort,
      ...this.#addressCounter && { addressCounter: this.#addressCounter },
    };
    await this.#listen(options);
    if (streamPort !== undefined) await this.#listen({ ...options, port: streamPort, isForStreams: true });
    return this.#servers.map(({ addr }) => addr);
  }

  async #listen(options: ListenOptions): Promise<void> {
    this.#servers.push(await listen(this.#handler, options, this.#log));
  }

  /**
   * Closes streams whose credential is no longer good and brings all others to what the store serves.
   *
   * @returns When every stream whose reader keeps up has been brought there.
   */
  update(): Promise<void> {
    return this.#delivery.update();
  }

  /**
   * Stops listening, closes streams one by one, and waits for the requests in flight.
   *
   * @param grace How long that may take: ms. @default {0}
   */
  async close(grace = 0): Promise<void> {
    await Promise.all([
      this.#delivery.close(grace * CLOSING_SHARE),
      ...this.#servers.map((server) => server.shutdown()),
    ]);
  }
}
