import type { LiveSettings, Settings } from "./config/mod.ts";
import { type CertificateFollower, followCertificate, readCertificate } from "./http/mod.ts";
import {
  findMemoryLimit,
  isWithinMemory,
  KeepingPublisher,
  type LoadOptions,
  type StateFileSystem,
  StorePublisher,
} from "./load/mod.ts";
import { type Log, type Meter, type MetricState, NO_METER, Registry, sumMetrics } from "./observe/mod.ts";
import { listenForOperators, type OperatorListeners } from "./operator_listeners.ts";
import { openState, RelayData } from "./relay_data.ts";
import { describeRelay } from "./relay_metrics.ts";
import { createServer } from "./relay_server.ts";
import type { RelayStatus } from "./routes/mod.ts";
import { Serving, type ServingOptions } from "./serving.ts";
import { type Clock, type FileSystem, MACHINE_CLOCK, MACHINE_FS } from "./source/mod.ts";
import { Store } from "./store/mod.ts";
import { VERSION } from "./version.ts";

/** Most streams that the explorer shows at a time. @limit streams: a further one is answered 503 */
const MAX_EXPLORER_STREAMS = 16;

/**
 * A running relay. It owns everything that it needs: several run side by side in one process. Disposing of it closes it and
 * the watch on the data file's directory too.
 */
export interface Relay extends AsyncDisposable {
  /** Address that it listens on. */
  readonly address: Deno.NetAddr;
  /** Address that it listens on for fleets of streams, if it does. */
  readonly streamAddress?: Deno.NetAddr;
  /** Address from which Prometheus gets its metrics, if it does. */
  readonly metricsAddress?: Deno.NetAddr;
  /** Address that it listens on for operators, if it does. */
  readonly adminAddress?: Deno.NetAddr;
  /** Store of what it serves. */
  readonly store: Store;
  /** Rejects when nobody serves any more, and nothing can be done about it here; else it waits for ever. */
  readonly failed: Promise<never>;
  /** Reads the archive, the overrides and the certificate now, whether or not their files look changed. The outcome is logged. */
  reload(): Promise<void>;
  /** Applies other settings to what comes from now on; the level of the log is its owner's to set. */
  reconfigure(settings: LiveSettings): void;
  /**
   * Reports at once that it is not ready, serves on for `shutdownDelay`, then stops listening, closes streams one by one over the
   * grace period, finishes requests in flight. What is still open then (a body that never ends, a stalled client)
   * and the watch on the data file's directory, which a named pipe there can block for ever, are left to the end of the process.
   */
  close(): Promise<void>;
}

/**
 * Loads the archive and the overrides once, to find out whether they are valid, and does not follow their files.
 *
 * @param settings All settings.
 * @param log Log.
 * @returns What would be served.
 * @throws {SourceError} When the file cannot be read.
 * @throws {LoadError} When the archive is invalid.
 * @throws {TransientError} When that could not be found out.
 */
export async function loadOnce(settings: Settings, log: Log): Promise<Store> {
  const store = new Store();
  const data = new RelayData({ settings, publisher: new StorePublisher(store), log });
  try {
    await data.read();
    return store;
  } finally {
    await data.end();
  }
}

/** Options for {@linkcode startRelay}. */
export interface RelayOptions {
  /** Log. */
  log: Log;
  /** Registry of metrics. @default {one of its own, which the listener for Prometheus shows} */
  meter?: Meter;
  /** URL from which serving threads start; for tests. @default {that of the program} */
  threadUrl?: URL;
  /** The clock; for simulations. @default the machine's */
  clock?: Clock;
  /** The file system; for simulations. @default the machine's */
  fs?: FileSystem;
  /** The same for the state directory. @default {Deno} */
  stateFs?: StateFileSystem;
  /** Options of the loading thread; for simulations. */
  worker?: LoadOptions;
  /** Opens a port; for simulations, where a single thread serves. @default {listen} */
  listen?: ServingOptions["listen"];
}

/**
 * Starts a relay: reads the overrides and the archive, then listens, then follows the files. Where the archive cannot be read or
 * loaded yet, it listens all the same, answers 503, is not ready, and tries again. Where there is a last known good archive, it
 * serves that instead.
 *
 * @param settings All settings.
 * @param options Log and meter.
 * @returns The running relay; nothing keeps running when this throws.
 * @throws {SourceError} When a file cannot be read.
 * @throws {LoadError} When the archive or the overrides are invalid.
 * @throws {TransientError} When the overrides cannot be read yet.
 * @throws {StateError} When the state directory cannot be used.
 * @throws {ListenError} When it cannot listen.
 */
export async function startRelay(
  settings: Settings,
  { log, meter: ownMeter, threadUrl, clock = MACHINE_CLOCK, fs = MACHINE_FS, stateFs, worker, listen }:
    RelayOptions,
): Promise<Relay> {
  const { tls } = settings;
  const state = await openState(settings, log, stateFs);
  const registry = new Registry();
  const meter = ownMeter ?? registry;
  const restarts = meter.counter("halyard_isolate_restarts_total", {
    help: "Serving threads that took the place of one that had died",
  }).with();
  const memoryLimit = findMemoryLimit(settings.memoryLimit);
  let isClosing = false;
  const evaluationLimitsReached = new Map<string, number>();
  function status(): RelayStatus {
    return {
      version: VERSION,
      isClosing,
      ...data.status,
      evaluationLimitsReached,
    };
  }
  function onLimit(environment: string): void {
    evaluationLimitsReached.set(environment, (evaluationLimitsReached.get(environment) ?? 0) + 1);
  }
  const { promise: failed, reject: onFailure } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const server = createServer({
    settings,
    log,
    meter,
    status,
    onLimit,
    onFailure,
    onRestart: () => restarts.add(),
    ...threadUrl && { threadUrl },
    ...listen && { listen },
  });
  // Its own, wherever clients are served: what it asks is not counted among them.
  const sdkView = settings.admin?.explorer && new Serving({
    settings: { ...settings, maxStreams: MAX_EXPLORER_STREAMS },
    log,
    meter: NO_METER,
    store: server.store,
    status,
    onLimit,
  });
  const kept = sdkView && new KeepingPublisher(server.publisher, {
    onPublished: () => void sdkView.update(),
    hasRoom: () => isWithinMemory(memoryLimit),
  });
  const data = new RelayData({
    settings,
    publisher: kept ?? server.publisher,
    onShort: () => kept?.release(),
    state,
    log,
    meter,
    clock,
    fs,
    ...worker && { worker },
    onChange() {
      server.updateStatus();
      noteReady();
    },
  });
  const { store } = server;
  let isReady = false;
  function noteReady(): void {
    if (isReady || isClosing || !store.ready) return;
    isReady = true;
    log.info("Ready", { audit: "ready" });
  }
  async function collectMetrics(): Promise<MetricState[]> {
    const relay = describeRelay({ status: status(), store, memoryLimit });
    return sumMetrics([registry.list(), relay, ...await server.listMetrics()]);
  }
  let addresses: Deno.NetAddr[];
  let operators: OperatorListeners = {};
  let certificates: CertificateFollower | undefined;
  async function closeOperators(): Promise<void> {
    await Promise.all([sdkView?.close(), operators.prometheus?.shutdown(), operators.admin?.shutdown()]);
  }
  try {
    operators = await listenForOperators({
      settings,
      log,
      store,
      status,
      collectMetrics,
      answerSdk: (request) => sdkView!.answer(request),
      getPrevious: () => kept?.previous,
      canCompile: (bytes) => isWithinMemory(memoryLimit, bytes),
    });
    await data.readOrRestore();
    const certificate = tls && readCertificate(tls);
    addresses = await server.listen(certificate);
    certificates = certificate && followCertificate({
      paths: tls,
      current: certificate,
      log,
      onChange: (certificate) => server.setCertificate(certificate),
    });
  } catch (error) {
    await Promise.all([server.close(), data.end(), closeOperators()]);
    throw error;
  }
  noteReady();
  data.start();

  async function stop(): Promise<void> {
    isClosing = true;
    server.updateStatus();
    const { shutdownDelay, shutdownGracePeriod: grace } = settings;
    const waiting = new AbortController();
    await clock.sleep(shutdownDelay, waiting.signal);
    data.stop();
    certificates?.stop();
    const graceIsOver = clock.sleep(grace, waiting.signal).then(() => "over");
    const closed = Promise.all([data.end(), server.close(grace).finally(closeOperators)]);
    if (await Promise.race([closed, graceIsOver]) === "over") {
      log.warn("Some requests are still open at the end of the grace period: they are cut off", {
        graceMs: grace,
      });
    }
    waiting.abort();
  }

  let stopped: Promise<void> | undefined;
  function close(): Promise<void> {
    return stopped ??= stop();
  }
  const [address, streamAddress] = addresses as [Deno.NetAddr, Deno.NetAddr?];
  return {
    address,
    ...streamAddress && { streamAddress },
    ...operators.prometheus && { metricsAddress: operators.prometheus.addr },
    ...operators.admin && { adminAddress: operators.admin.addr },
    store,
    failed,
    reload() {
      certificates?.refresh();
      return data.refresh();
    },
    reconfigure(settings) {
      server.reconfigure(settings);
      sdkView?.reconfigure({ ...settings, maxStreams: MAX_EXPLORER_STREAMS });
    },
    close,
    [Symbol.asyncDispose]: () => close().then(() => data.close()),
  };
}
