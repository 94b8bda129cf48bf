import type { Settings } from "./config/mod.ts";
import { Delivery } from "./delivery/mod.ts";
import { createHandler, type Handler, listen, type ListenOptions, type Server } from "./http/mod.ts";
import type { Log, Meter } from "./observe/mod.ts";
import { ADMIN } from "./routes/admin/mod.ts";
import { EVENTS } from "./routes/events/mod.ts";
import { FDV1 } from "./routes/fdv1/mod.ts";
import { Evaluations, type RelayStatus, type Surface } from "./routes/mod.ts";
import { Store } from "./store/mod.ts";

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
  /** Returns how the relay stands, beyond what is counted here. */
  status(): Omit<RelayStatus, "evaluationLimitsReached">;
}

/** Serves one store to clients: its streams, every family of routes, and the server that listens. */
export class Serving {
  /** Store of what is served. After each swap, call {@linkcode Serving.update}. */
  readonly store = new Store();
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #delivery: Delivery;
  readonly #handler: Handler;
  readonly #servers: Server[] = [];

  /**
   * Starts the timers of streams; nobody can connect before {@linkcode Serving.listen}.
   *
   * @param options Settings, log, meter and status.
   */
  constructor({ settings, log, meter, status }: ServingOptions) {
    const { store } = this;
    const delivery = new Delivery({ ...settings, store, log });
    const evaluations = new Evaluations(log);
    const services = {
      store,
      delivery,
      evaluations,
      log,
      meter,
      settings,
      status: () => ({ ...status(), evaluationLimitsReached: evaluations.limitsReached }),
    };
    const routes = SURFACES.flatMap((surface) => surface.routes(services));
    this.#settings = settings;
    this.#log = log;
    this.#delivery = delivery;
    this.#handler = createHandler(routes, { store, log, meter, cors: settings });
  }

  /**
   * Lets clients connect.
   *
   * @returns Where it listens: the address of `port` and, if it is set, that of `streamPort`.
   * @throws {ListenError} When it cannot listen.
   */
  async listen(): Promise<Deno.NetAddr[]> {
    const { streamPort } = this.#settings;
    await this.#listen(this.#settings);
    if (streamPort !== undefined) {
      await this.#listen({ ...this.#settings, port: streamPort, isForStreams: true });
    }
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
