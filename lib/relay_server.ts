import type { LiveSettings } from "./config/mod.ts";
import { type Certificate, createAddressCounter } from "./http/mod.ts";
import { type Publisher, StorePublisher } from "./load/mod.ts";
import type { MetricState } from "./observe/mod.ts";
import { Serving, type ServingOptions } from "./serving.ts";
import { ServingThreads, type ServingThreadsOptions } from "./serving_threads.ts";
import { Store } from "./store/mod.ts";

/** What serves the clients of a relay: this thread, or others. */
export interface RelayServer {
  /** Store of what is served. */
  store: Store;
  /** Destination of what is loaded. */
  publisher: Publisher;
  /** Lets clients connect. Returns the address of `port` and, if it is set, that of `streamPort`. */
  listen(certificate?: Certificate): Promise<Deno.NetAddr[]>;
  /** Gives new connections another certificate. */
  setCertificate(certificate: Certificate): void;
  /** Applies other settings. */
  reconfigure(settings: LiveSettings): void;
  /** Lists the metrics of other threads that serve. */
  listMetrics(): Promise<(readonly MetricState[])[]>;
  /** Called when the status of the relay has changed. */
  updateStatus(): void;
  /** Stops listening and closes what is open within the grace period: ms. */
  close(grace?: number): Promise<void>;
}

/** Options for {@linkcode createServer}. */
export interface RelayServerOptions
  extends
    Omit<ServingOptions, "store" | "streamCounter" | "addressCounter">,
    Pick<ServingThreadsOptions, "onFailure" | "onRestart"> {
  /** URL from which serving threads start. @default {that of the program} */
  threadUrl?: URL;
}

/**
 * Creates what serves, which does not listen yet.
 *
 * @param options Settings, and who is told what.
 * @returns This thread, or as many as the settings say.
 */
export function createServer({ threadUrl, ...options }: RelayServerOptions): RelayServer {
  const { threads } = options.settings;
  const count = threads === "auto" ? navigator.hardwareConcurrency : threads;
  if (count > 1) {
    const serving = new ServingThreads({ ...options, count, ...threadUrl && { url: threadUrl } });
    return {
      store: serving.store,
      publisher: serving,
      listen: (certificate) => serving.listen(certificate),
      setCertificate: (certificate) => serving.setCertificate(certificate),
      reconfigure: (settings) => serving.reconfigure(settings),
      listMetrics: () => serving.listMetrics(),
      updateStatus: () => serving.updateStatus(),
      close: (grace) => serving.close(grace),
    };
  }
  const store = new Store();
  const { maxConnectionsPerAddress: max } = options.settings;
  const serving = new Serving({
    ...options,
    store,
    ...max > 0 && { addressCounter: createAddressCounter(max) },
  });
  return {
    store,
    publisher: new StorePublisher(store, () => serving.update()),
    listen: (certificate) => serving.listen({ ...certificate && { certificate } }),
    setCertificate: (certificate) => serving.setCertificate(certificate),
    reconfigure: (settings) => serving.reconfigure(settings),
    listMetrics: () => Promise.resolve([]),
    updateStatus: () => {},
    close: (grace) => serving.close(grace),
  };
}
