import { nameInMetrics, NO_USER_AGENT, REQUESTS_METRIC, STREAMS_METRIC } from "../../http/mod.ts";
import { type MetricState, OVERFLOW, readLabels } from "../../observe/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";

/** Routes by which server SDKs get rules, or send events. All other SDKs get values. */
const SERVER_ROUTES =
  /^\/(all|flags|bulk|diagnostic|sdk\/(latest-all|stream|poll|flags|flags\/\{key\}|segments\/\{key\}))$/;

/** Clients of one kind. Nothing in it is of a context. */
export interface ClientConnections {
  /** Client-side ID of the environment; null where several environments have the name. */
  environment: string | null;
  /** Name of the project and of the environment, as metrics have it. */
  name: string;
  /** Kind of the clients, by what they ask for; `other` for those beyond the series that metrics tell apart. */
  kind: "server" | "client" | "openfeature" | "other";
  /** Name of the SDK: what stands before the slash of its user agent, or all of it; empty where it sends none. */
  sdk: string;
  /** Its version; empty where it names none. */
  version: string;
  /** Open streams. */
  streams: number;
  /** Requests since the start, or since the threads that served them were replaced. */
  requests: number;
}

/**
 * Lists clients by their SDK, out of the metrics of all threads.
 *
 * @param metrics All metrics.
 * @param environments Environments that are served.
 * @returns Clients, in the order of name, kind, SDK and version.
 */
export function listConnections(
  metrics: readonly MetricState[],
  environments: readonly StoredEnvironment[],
): ClientConnections[] {
  const ids = Map.groupBy(environments, nameInMetrics);
  const found = new Map<string, ClientConnections>();
  for (const { name: metric, series } of metrics) {
    if (metric !== STREAMS_METRIC && metric !== REQUESTS_METRIC) continue;
    for (const [labels, [count = 0]] of series) {
      const client = describe(readLabels(labels), ids);
      const id = JSON.stringify(Object.values(client));
      const known = found.getOrInsert(id, client);
      known[metric === STREAMS_METRIC ? "streams" : "requests"] += count;
    }
  }
  return [...found].sort(([one], [other]) => one < other ? -1 : 1).map(([, client]) => client);
}

function describe(
  labels: Readonly<Record<string, string>>,
  ids: ReadonlyMap<string, readonly StoredEnvironment[]>,
): ClientConnections {
  const { launchdarkly_environment_name: name = "", http_route: route = "" } = labels;
  const sent = labels["user_agent_original"] ?? "";
  const agent = sent === NO_USER_AGENT ? "" : sent;
  const kind = kindOf(route);
  const named = kind === OVERFLOW ? [] : ids.get(name) ?? [];
  const [, sdk = agent, version = ""] = /^([^/\s]+)\/(\S+)$/.exec(agent) ?? [];
  return {
    environment: named.length === 1 ? named[0]!.id : null,
    name,
    kind,
    sdk,
    version,
    streams: 0,
    requests: 0,
  };
}

function kindOf(route: string): ClientConnections["kind"] {
  if (route === OVERFLOW) return OVERFLOW;
  if (route.startsWith("/ofrep/")) return "openfeature";
  return SERVER_ROUTES.test(route) ? "server" : "client";
}
