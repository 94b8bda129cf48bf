import { BUILD_INFO } from "./build_info.ts";
import type { LiveSettings, Settings } from "./config/mod.ts";
import { Delivery, type StreamCounter } from "./delivery/mod.ts";
import {
  type AddressCounter,
  type Certificate,
  type CorsHeaders,
  createCors,
  createHandler,
  type Handler,
  listen,
  type ListenOptions,
  listenUnix,
  type Server,
} from "./http/mod.ts";
import { type Log, type Meter, recordLoopDelay } from "./observe/mod.ts";
import { ADMIN } from "./routes/admin/mod.ts";
import { EVENTS } from "./routes/events/mod.ts";
import { FDV1 } from "./routes/fdv1/mod.ts";
import { FDV2 } from "./routes/fdv2/mod.ts";
import { OFREP } from "./routes/ofrep/mod.ts";
import { Evaluations, type RelayStatus, type Surface } from "./routes/mod.ts";
import type { Store } from "./store/mod.ts";

/** Every family of routes. */
const SURFACES: readonly Surface[] = [FDV1, FDV2, OFREP, EVENTS, ADMIN];

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
  /** Opens a port; for simulations. @default {listen} */
  listen?: typeof listen;
  /** Returns how the relay stands. */
  status(): RelayStatus;
  /** Called when an evaluation fails at a limit. */
  onLimit(environment: string): void;
}

/** Options for {@linkcode Serving.listen}. */
export interface ServingListenOptions {
  /** Whether other threads listen on the same ports. @default {false} */
  reusePort?: boolean;
  /** PEM of the certificate and its key, where they are read already. */
  certificate?: Certificate;
}

/** Serves one store to clients: its streams, every family of routes, and the server that listens. */
export class Serving {
  /** Store of what is served. After each swap, call {@linkcode Serving.update}. */
  readonly store: Store;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #delivery: Delivery;
  #cors: CorsHeaders;
  readonly #handler: Handler;
  readonly #addressCounter: AddressCounter | undefined;
  readonly #open: typeof listen;
  readonly #servers: Server[] = [];
  #socket: Pick<Server, "shutdown"> | undefined;
  readonly #stopMeasuring: () => void;

  /**
   * Starts the timers of streams; nobody can connect before {@linkcode Serving.listen}.
   *
   * @param options Settings, log, meter, store and status.
   */
  constructor(options: ServingOptions) {
    const { settings, log, meter, store, streamCounter, status, onLimit } = options;
    const delivery = new Delivery({ ...settings, store, log, meter, ...streamCounter && { streamCounter } });
    const evaluations = new Evaluations(log, onLimit, meter);
    const services = { store, delivery, evaluations, log, meter, settings, status };
    const routes = SURFACES.flatMap((surface) => surface.routes(services));
    this.store = store;
    this.#addressCounter = options.addressCounter;
    this.#open = options.listen ?? listen;
    this.#settings = settings;
    this.#log = log;
    this.#delivery = delivery;
    this.#cors = createCors(settings);
    this.#handler = createHandler(routes, {
      store,
      log,
      meter,
      cors: (request) => this.#cors(request),
      onShed: () => delivery.countShed("requests"),
      ...(settings.prometheus || settings.admin) && { prometheusPrefix: settings.metricsPrefix },
    });
    this.#stopMeasuring = recordLoopDelay(meter);
  }

  /**
   * Lets clients connect.
   *
   * @param options Whether other threads listen on the same ports, and what TLS is served with.
   * @returns Where it listens: the address of `port` and, if it is set, that of `streamPort`.
   * @throws {ListenError} When it cannot listen.
   */
  async listen({ reusePort = false, certificate }: ServingListenOptions = {}): Promise<Deno.NetAddr[]> {
    const { streamPort, unixSocket: path, ...settings } = this.#settings;
    const options = {
      ...settings,
      reusePort,
      ...certificate && { certificate },
      ...this.#addressCounter && { addressCounter: this.#addressCounter },
    };
    await this.#listen(options);
    if (streamPort !== undefined) await this.#listen({ ...options, port: streamPort, isForStreams: true });
    if (path !== undefined) {
      this.#socket = await listenUnix(this.#handler, { path, onlyPath: BUILD_INFO.unixSocket }, this.#log);
    }
    return this.#servers.map(({ addr }) => addr);
  }

  /**
   * Answers a request that comes by none of its listeners.
   *
   * @param request The request.
   * @returns The answer.
   */
  answer(request: Request): Response | Promise<Response> {
    return this.#handler(request);
  }

  async #listen(options: ListenOptions): Promise<void> {
    this.#servers.push(await this.#open(this.#handler, options, this.#log));
  }

  /**
   * Gives new connections another certificate.
   *
   * @param certificate PEM of a good one and its key.
   * @throws {Error} When a server cannot.
   */
  setCertificate(certificate: Certificate): void {
    for (const server of this.#servers) server.setCertificate?.(certificate);
  }

  /**
   * Applies other settings to what comes from now on.
   *
   * @param settings The settings. The level of the log is that of its owner.
   */
  reconfigure(settings: LiveSettings): void {
    this.#delivery.reconfigure(settings);
    this.#cors = createCors(settings);
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
    this.#stopMeasuring();
    await Promise.all([
      this.#delivery.close(grace * CLOSING_SHARE),
      ...this.#servers.map((server) => server.shutdown()),
      this.#socket?.shutdown(),
    ]);
  }
}
