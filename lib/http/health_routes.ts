import type { Store } from "../store/mod.ts";
import type { Route } from "./router.ts";

/** What readiness depends on besides the store. */
export interface HealthState {
  /** Whether the relay is shutting down. */
  isClosing: boolean;
  /** Why the newest archive is not served, if it is not. */
  lastError: string | undefined;
}

/** A probe must see this moment. */
const HEADERS = { "cache-control": "no-store" };

/**
 * Routes for probes: `/health/live` answers 200 while the process can answer at all; `/health/ready` answers 200 when
 * every environment of the archive has data and the relay is not shutting down, else 503 with the reasons. An archive
 * that could not be loaded is named but does not make a serving relay unready.
 *
 * @param store What is served.
 * @param getState Tells how the relay stands at this moment.
 * @returns The routes.
 */
export function healthRoutes(store: Store, getState: () => HealthState): Route[] {
  function ready(): Response {
    const { isClosing, lastError } = getState();
    const reasons = store.environments
      .filter(({ snapshot }) => !snapshot)
      .map(({ id, fault }) => `environment ${id} has no data: ${fault}`);
    if (isClosing) reasons.push("the relay is shutting down");
    if (!store.ready) reasons.push("no archive has been loaded yet");
    const status = reasons.length === 0 ? "ready" : "not ready";
    const body = { status, ...reasons.length > 0 && { reasons }, lastError };
    return Response.json(body, { status: reasons.length === 0 ? 200 : 503, headers: HEADERS });
  }
  return [
    {
      method: "GET",
      path: "/health/live",
      handle: () => Response.json({ status: "live" }, { headers: HEADERS }),
    },
    { method: "GET", path: "/health/ready", handle: ready },
  ];
}
