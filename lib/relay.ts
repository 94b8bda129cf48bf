import { setTimeout } from "node:timers/promises";
import type { Settings } from "./config/mod.ts";
import { clientRoutes, Evaluations, phpRoutes, serverSdkRoutes } from "./routes/fdv1/mod.ts";
import { createHandler, listen, type Server } from "./http/mod.ts";
import { eventRoutes } from "./routes/events/mod.ts";
import { healthRoutes, rootRoute, statusRoute } from "./routes/admin/mod.ts";
import type { Log } from "./observe/mod.ts";
import { FileSource, TransientError } from "./source/mod.ts";
import { Loader, type LoadStatus } from "./load/mod.ts";
import { Store } from "./store/mod.ts";
import { Delivery } from "./delivery/mod.ts";
import { VERSION } from "./version.ts";

/** Share of the grace period over which streams are closed; the rest is for their last bytes to arrive. */
const CLOSING_SHARE = 0.9;

/** A running relay. */
export interface Relay {
  /** Where it listens. */
  readonly address: Deno.NetAddr;
  /** What it serves. */
  readonly store: Store;
  /** Looks at the archive now, whether or not its file looks changed. What is found is logged. */
  reload(): Promise<void>;
  /**
   * Says at once that it is not ready, serves on for `shutdownDelay`, then stops listening, closes streams one by one over the
   * grace period, finishes requests in flight. What is still open then (a body that never ends, a reader that takes nothing)
   * and the watch on the data file's directory, which may be stuck, are left to the end of the process.
   */
  close(): Promise<void>;
}

/**
 * Loads the archive once and follows nothing: to find out whether it is good.
 *
 * @param settings All settings.
 * @param log Where it tells what is in the archive.
 * @returns What would be served.
 * @throws {SourceError} When the file cannot be read.
 * @throws {LoadError} When the file is no good archive.
 * @throws {TransientError} When that could not be found out.
 */
export async function loadOnce(settings: Settings, log: Log): Promise<Store> {
  const { fileDataSource: path, maxArchiveSize: maxBytes, fileDataSourceMonitoringInterval: interval } =
    settings;
  const store = new Store();
  const source = new FileSource({ path, interval, maxBytes, log, onContent: () => {} });
  const loader = new Loader({ path, maxBytes, store, log });
  try {
    await source.read((content) => loader.load(content));
    return store;
  } finally {
    await loader.close();
  }
}

/**
 * Starts a relay: reads the archive, then listens, then follows the file. Where the file cannot be read or loaded yet, it
 * listens all the same, answers 503, is not ready, and tries again.
 *
 * @param settings All settings.
 * @param log Where it tells what happens.
 * @returns The running relay; nothing keeps running when this throws.
 * @throws {SourceError} When the file cannot be read.
 * @throws {LoadError} When the file is no good archive.
 * @throws {ListenError} When it cannot listen.
 */
export async function startRelay(settings: Settings, log: Log): Promise<Relay> {
  const { fileDataSource: path, maxArchiveSize: maxBytes, fileDataSourceMonitoringInterval: interval } =
    settings;
  const store = new Store();
  const delivery = new Delivery({ ...settings, store, log });
  const evaluations = new Evaluations(log);
  const loader: Loader = new Loader({
    path,
    maxBytes,
    store,
    log,
    onSwap: () => delivery.update(),
    readAgain: () => source.refresh(),
  });
  const source: FileSource = new FileSource({
    path,
    interval,
    maxBytes,
    log,
    onContent: (content) => loader.reload(content),
  });
  let isClosing = false;
  function getDataFile(): LoadStatus {
    return { ...loader.status, ...source.lastError && { lastError: source.lastError } };
  }
  const routes = [
    ...serverSdkRoutes(delivery),
    ...clientRoutes(delivery, evaluations),
    ...phpRoutes(delivery),
    ...eventRoutes(settings.maxInboundPayloadSize),
    ...healthRoutes(store, () => ({ isClosing, lastError: getDataFile().lastError?.message })),
    statusRoute({ store, version: VERSION, getDataFile, evaluations }),
    rootRoute(VERSION),
  ];
  let server: Server;
  try {
    await source.read((content) => loader.load(content)).catch(throwIfFinal);
    server = await listen(createHandler(routes, { store, log, cors: settings }), settings, log);
  } catch (error) {
    source.stop();
    await Promise.all([delivery.close(), loader.close()]);
    throw error;
  }
  source.start();
  return {
    address: server.addr,
    store,
    reload: () => source.refresh(),
    async close() {
      isClosing = true;
      const { shutdownDelay, shutdownGracePeriod: grace } = settings;
      await setTimeout(shutdownDelay);
      source.stop();
      const waiting = new AbortController();
      const graceIsOver = setTimeout(grace, "over", { signal: waiting.signal }).catch(() => {});
      const closed = Promise.all([loader.close(), delivery.close(grace * CLOSING_SHARE), server.shutdown()]);
      if (await Promise.race([closed, graceIsOver]) === "over") {
        log.warn(
          `Some requests are still open at the end of the grace period of ${grace} ms: they are cut off`,
        );
      }
      waiting.abort();
    },
  };
}

/** What is transient has been logged and is tried again. */
function throwIfFinal(error: unknown): void {
  if (!(error instanceof TransientError)) throw error;
}
