import type { ConnectionCounter } from "../delivery/mod.ts";
import type { Meter } from "../observe/mod.ts";
import type { CredentialKind, StoredEnvironment } from "../store/mod.ts";
import { endpointTypeOf } from "./_endpoint.ts";
import type { Route } from "./route.ts";

/** Most user agents that are told apart, so that no client fills the memory with names of its own. @limit user agents: further ones count as `other` */
const MAX_USER_AGENTS = 100;

/** Most characters of a label value that a client or an archive chooses. @limit characters: the rest is cut off */
const MAX_LABEL_LENGTH = 100;

/** Most combinations of route, environment and user agent whose series are kept at hand. @limit combinations: all are looked up anew */
const MAX_KNOWN = 10_000;

/** Label value of user agents beyond the limit. */
const OTHER = "other";

/** The Relay Proxy 8's `platformCategory` of each kind of credential. */
const PLATFORMS: Readonly<Record<CredentialKind, string>> = {
  sdk: "server",
  mobile: "mobile",
  environment: "browser",
};

/** Metric of requests, as the Relay Proxy 9 names it. */
export const REQUESTS_METRIC = "launchdarkly_relay_requests_total";

/** Metric of open streams, likewise. */
export const STREAMS_METRIC = "http_server_active_requests";

/** Label value of a user agent that is not sent. */
export const NO_USER_AGENT = "not_provided";

/** Labels of the Relay Proxy 8. */
const LABELS = ["platformCategory", "userAgent", "env"];

/** Labels of the Relay Proxy 9, as Prometheus shows them. */
const LABELS_9 = [
  "launchdarkly_relay_endpoint_type",
  "http_route",
  "http_request_method",
  "launchdarkly_environment_name",
  "user_agent_original",
];

/** An authenticated request. */
interface AuthenticatedRequest {
  request: Request;
  route: Route;
  environment: StoredEnvironment;
  credentialKind: CredentialKind;
}

/** What is counted for the requests of one user agent to one route in one environment. */
interface Known {
  count(): void;
  connections: ConnectionCounter;
}

/**
 * The metrics that dashboards of the Relay Proxy have: those of its version 8, and beside them those of version 9 as Prometheus
 * shows them. As in version 8, requests are counted once their credential is known to be good, so that nobody else makes series.
 */
export class ClientMetrics {
  readonly #create: (labels: string[], labels9: string[]) => Known;
  readonly #userAgents = new Set<string>();
  readonly #known = new Map<string, Known>();

  /**
   * Registers the metrics.
   *
   * @param meter Where.
   * @param prefix Prefix of the names of version 8.
   */
  constructor(meter: Meter, prefix: string) {
    const name = toName(prefix);
    const help = "as the Relay Proxy 8 counts them";
    const help9 = "as the Relay Proxy 9 counts them";
    const connections = meter.gauge(`${name}_connections`, {
      help: `Open streams, ${help}`,
      labels: LABELS,
    });
    const opened = meter.counter(`${name}_newconnections`, {
      help: `Streams opened, ${help}`,
      labels: LABELS,
    });
    const requests = meter.counter(`${name}_requests`, {
      help: `Requests, ${help}`,
      labels: [...LABELS, "route", "method"],
    });
    const requests9 = meter.counter(REQUESTS_METRIC, {
      help: `Requests, ${help9}`,
      labels: LABELS_9,
    });
    const active9 = meter.gauge(STREAMS_METRIC, {
      help: `Open streams, ${help9}`,
      labels: LABELS_9,
    });
    this.#create = (labels, labels9) => {
      const [, route, method] = labels9;
      const counters = [
        requests.with(...labels, replaceSlashes(route!), method!),
        requests9.with(...labels9),
      ];
      return {
        count: () => counters.forEach((counter) => counter.add()),
        connections: {
          opened() {
            opened.with(...labels).add();
            connections.with(...labels).add(1);
            active9.with(...labels9).add(1);
          },
          closed() {
            connections.with(...labels).add(-1);
            active9.with(...labels9).add(-1);
          },
        },
      };
    };
  }

  /**
   * Counts a request.
   *
   * @param authenticated The request, its route, and what its credential opened.
   * @returns Counter of its stream, if it becomes one.
   */
  count({ request, route, environment, credentialKind }: AuthenticatedRequest): ConnectionCounter {
    const { headers } = request;
    const sent = headers.get("x-launchdarkly-user-agent") ?? headers.get("user-agent") ?? "";
    const userAgent = this.#bound(sent.slice(0, MAX_LABEL_LENGTH));
    const key = `${route.method} ${route.path} ${environment.id} ${userAgent}`;
    let known = this.#known.get(key);
    if (!known) {
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      const name = nameInMetrics(environment);
      known = this.#create(
        [PLATFORMS[credentialKind], replaceSlashes(userAgent), replaceSlashes(name)],
        [endpointTypeOf(route.path), route.path, route.method, name, userAgent || NO_USER_AGENT],
      );
      this.#known.set(key, known);
    }
    known.count();
    return known.connections;
  }

  #bound(userAgent: string): string {
    if (this.#userAgents.has(userAgent)) return userAgent;
    if (this.#userAgents.size >= MAX_USER_AGENTS) return OTHER;
    this.#userAgents.add(userAgent);
    return userAgent;
  }
}

/**
 * Names an environment in metrics: joins the names of project and environment, as the Relay Proxy does.
 *
 * @param environment The environment.
 * @returns The name, cut off where it is too long.
 */
export function nameInMetrics({ id, metadata }: StoredEnvironment): string {
  return (metadata ? `${metadata.projectName} ${metadata.name}` : id).trim().slice(0, MAX_LABEL_LENGTH);
}

/** Replaces what the Relay Proxy 8 replaces in label values. */
function replaceSlashes(value: string): string {
  return value.replaceAll("/", "_") || "_";
}

/** Replaces what no name of a metric may contain. */
function toName(prefix: string): string {
  return prefix.replace(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d)/, "_");
}
