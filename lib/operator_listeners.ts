import type { Settings } from "./config/mod.ts";
import { createHandler, type Guard, listen, ListenError, type OpenRoute, type Server } from "./http/mod.ts";
import type { Log } from "./observe/mod.ts";
import { adminRoutes, type AdminServices, describeRelay, metricsRoute } from "./routes/admin/mod.ts";
import { explorerGuard, explorerRoutes, type ExplorerServices } from "./routes/explorer/mod.ts";

/** Listeners that operators have to themselves, if they do. */
export interface OperatorListeners {
  /** Metrics for Prometheus. */
  prometheus?: Server;
  /** Health, status in detail, metrics and, if it is on, the explorer. */
  admin?: Server;
}

/** Options for {@linkcode listenForOperators}. */
export interface OperatorOptions
  extends AdminServices, Pick<ExplorerServices, "answerSdk" | "getPrevious" | "canCompile"> {
  /** Settings of the relay. */
  settings: Settings;
  /** Log. */
  log: Log;
}

/**
 * Opens the listeners for operators, by plain HTTP.
 *
 * @param options Settings, and sources of what is served there.
 * @returns The running servers; none runs when this throws.
 * @throws {ListenError} When one cannot listen.
 */
export async function listenForOperators(
  { settings, log, ...services }: OperatorOptions,
): Promise<OperatorListeners> {
  const { bindAddress, prometheus, admin } = settings;

  async function open(
    routes: OpenRoute[],
    { port, bindAddress }: { port: number; bindAddress: string },
    guards: Guard[] = [],
  ): Promise<Server> {
    const handler = createHandler(routes, { store: services.store, log, cors: settings, guards });
    return await listen(handler, { port, bindAddress, tellsAddresses: guards.length > 0 }, log);
  }

  const listeners: OperatorListeners = {};
  try {
    if (prometheus) {
      const routes = [metricsRoute(services.collectMetrics)];
      listeners.prometheus = await open(routes, { bindAddress, ...prometheus }).catch((error) => {
        throw new ListenError(
          `Cannot serve metrics: ${error.message}`,
          "set PROMETHEUS_PORT ([Prometheus] port) to a free port, or leave out USE_PROMETHEUS",
          error,
        );
      });
    }
    if (admin) {
      const { explorer } = admin;
      const explored = {
        ...services,
        describeRelay: () => describeRelay(services.store, services.status()),
        countLimitsReached: (id: string) => services.status().evaluationLimitsReached.get(id),
      };
      const routes = [...adminRoutes(services), ...explorer ? explorerRoutes(explored) : []];
      const guards = explorer ? [explorerGuard({ ...explorer, log })] : [];
      listeners.admin = await open(routes, admin, guards).catch((error) => {
        throw new ListenError(
          `Cannot serve operators: ${error.message}`,
          "set ADMIN_PORT ([Admin] port) to a free port and ADMIN_BIND_ADDRESS (bindAddress) to an address of this host",
          error,
        );
      });
    }
    return listeners;
  } catch (error) {
    await listeners.prometheus?.shutdown();
    throw error;
  }
}
