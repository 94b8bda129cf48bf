import type { Counter, Histogram, Meter, Metric } from "../observe/mod.ts";
import { endpointTypeOf } from "./_endpoint.ts";
import type { Refusal } from "./refusal.ts";
import type { Route } from "./route.ts";

/** Label of requests whose path belongs to no route. */
export const NO_ROUTE = "none";

/** Label of methods that a path does not have: clients choose them. */
const NO_METHOD = "other";

/** Upper bounds of the durations of requests: s. OpenTelemetry's for `http.server.request.duration`. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Reasons of refused requests: those of access, and a `Host` that is none. */
type Reason = Refusal | "bad host";

/** Series of the answers with one status to one method of one path. */
interface Answers {
  count: Counter;
  /** Absent for streams, which are open for as long as their clients want. */
  seconds: Histogram | undefined;
}

/**
 * Counts requests by route, method and status, and refused ones by reason; records how long their answers take. Clients choose none
 * of these, so the series are bounded.
 */
export class RequestMetrics {
  readonly #requests: Metric<Counter>;
  readonly #seconds: Metric<Histogram>;
  readonly #answers = new Map<string, Map<string, Map<number, Answers>>>();
  readonly #refused: Record<Reason, Counter>;

  /**
   * Registers the metrics.
   *
   * @param meter Where.
   * @param routes All routes.
   */
  constructor(meter: Meter, routes: readonly Route[]) {
    this.#requests = meter.counter("halyard_requests_total", {
      help: "Requests answered, by route template and status",
      labels: ["route", "status"],
    });
    this.#seconds = meter.histogram("http_server_request_duration_seconds", {
      help: "Time from the request to the head of its answer: s; without streams",
      labels: ["http_route", "http_request_method", "http_response_status_code"],
      bounds: BOUNDS,
    });
    for (const { path, method } of routes) this.#find(path, method, 200);
    this.#find(NO_ROUTE, NO_METHOD, 404);
    const refused = meter.counter("halyard_requests_refused_total", {
      help: "Requests refused before their route had a say, by reason",
      labels: ["reason"],
    });
    this.#refused = {
      missing: refused.with("missing credential"),
      unknown: refused.with("unknown credential"),
      loading: refused.with("loading"),
      "no data": refused.with("no data"),
      "bad host": refused.with("bad host"),
    };
  }

  /**
   * Counts an answer.
   *
   * @param path Route template of the path.
   * @param method Method of the route, if the path has one for the request's.
   * @param status Status.
   * @param milliseconds Time that it took: ms.
   */
  countAnswer(path: string, method: string | undefined, status: number, milliseconds: number): void {
    const { count, seconds } = this.#find(path, method ?? NO_METHOD, status);
    count.add();
    seconds?.record(milliseconds / 1000);
  }

  /** Counts a refused request. */
  countRefusal(why: Reason): void {
    this.#refused[why].add();
  }

  #find(path: string, method: string, status: number): Answers {
    const byStatus = this.#answers.getOrInsertComputed(path, newMap).getOrInsertComputed(method, newMap);
    let answers = byStatus.get(status);
    if (!answers) {
      const isStream = endpointTypeOf(path) === "stream" && status === 200;
      answers = {
        count: this.#requests.with(path, `${status}`),
        seconds: isStream ? undefined : this.#seconds.with(path, method, `${status}`),
      };
      byStatus.set(status, answers);
    }
    return answers;
  }
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}
