import type { Counter, Meter } from "../observe/mod.ts";
import type { Refusal } from "./refusal.ts";
import type { Route } from "./route.ts";

/** Label of requests whose path belongs to no route. */
export const NO_ROUTE = "none";

/** Reasons of refused requests: those of access, and a `Host` that is none. */
type Reason = Refusal | "bad host";

/** Counts requests by route and status, and refused ones by reason. Clients choose neither, so the series are bounded. */
export class RequestMetrics {
  readonly #find: (route: string, status: number) => Counter;
  readonly #byRoute = new Map<string, Map<number, Counter>>();
  readonly #refused: Record<Reason, Counter>;

  /**
   * Registers the metrics.
   *
   * @param meter Where.
   * @param routes All routes.
   */
  constructor(meter: Meter, routes: readonly Route[]) {
    const requests = meter.counter("halyard_requests_total", {
      help: "Requests answered, by route template and status",
      labels: ["route", "status"],
    });
    this.#find = (route, status) => requests.with(route, `${status}`);
    for (const { path } of routes) this.#counterOf(path, 200);
    this.#counterOf(NO_ROUTE, 404);
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

  /** Counts an answer. */
  countAnswer(route: string, status: number): void {
    this.#counterOf(route, status).add();
  }

  /** Counts a refused request. */
  countRefusal(why: Reason): void {
    this.#refused[why].add();
  }

  #counterOf(route: string, status: number): Counter {
    let byStatus = this.#byRoute.get(route);
    if (!byStatus) this.#byRoute.set(route, byStatus = new Map());
    let counter = byStatus.get(status);
    if (!counter) byStatus.set(status, counter = this.#find(route, status));
    return counter;
  }
}
