import type { Settings } from "./config/mod.ts";
import {
  clientRoutes,
  createHandler,
  eventRoutes,
  listen,
  phpRoutes,
  serverSdkRoutes,
  statusRoute,
} from "./http/mod.ts";
import type { Log } from "./observe/mod.ts";
import { FileSource, Loader } from "./source/mod.ts";
import { Store } from "./store/mod.ts";
import { Admission, Hub } from "./stream/mod.ts";
import { VERSION } from "./version.ts";

/** A running relay. */
export interface Relay {
  /** Where it listens. */
  readonly address: Deno.NetAddr;
  /** What it serves. */
  readonly store: Store;
  /** Looks at the archive now, whether or not its file looks changed. What is found is logged. */
  reload(): Promise<void>;
  /** Stops listening, closes streams one by one over the grace period, finishes requests in flight. */
  close(): Promise<void>;
}

/**
 * Starts a relay: reads the archive, then listens, then follows the file.
 *
 * @param settings All settings.
 * @param log Where it tells what happens.
 * @returns The running relay; nothing keeps running when this throws.
 * @throws {SourceError} When the file cannot be read.
 * @throws {ArchiveError} When the file is no good archive.
 * @throws {ListenError} When it cannot listen.
 */
export async function startRelay(settings: Settings, log: Log): Promise<Relay> {
  const { fileDataSource: path, maxArchiveSize: maxBytes, fileDataSourceMonitoringInterval: interval } =
    settings;
  const store = new Store();
  const admission = new Admission({ maxBytes: settings.maxPayloadBytesInFlight });
  const hub = new Hub({ ...settings, store, log, admission });
  const loader = new Loader({ path, maxBytes, store, log, onSwap: () => hub.update() });
  const source = new FileSource({
    path,
    interval,
    maxBytes,
    log,
    onContent: (content) => loader.reload(content),
  });
  const routes = [
    ...serverSdkRoutes(hub, admission),
    ...clientRoutes(hub),
    ...phpRoutes(admission),
    ...eventRoutes(settings.maxInboundPayloadSize),
    statusRoute(
      store,
      VERSION,
      () => loader.status && { ...loader.status, ...(source.lastError && { lastError: source.lastError }) },
    ),
  ];
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    await loader.load(await source.read());
    server = await listen(createHandler(routes, { store, log, cors: settings }), settings, log);
  } catch (error) {
    await hub.close();
    throw error;
  }
  source.start();
  return {
    address: server.addr,
    store,
    reload: () => source.refresh(),
    async close() {
      await source.close();
      const finished = server.shutdown();
      await hub.close(settings.shutdownGracePeriod);
      await finished;
    },
  };
}
