import type { StoredEnvironment } from "../../store/mod.ts";
import type { OpenRoute } from "../../http/mod.ts";
import type { Services } from "../mod.ts";

/** Headers of an answer that must never come from a cache. */
const HEADERS = { "cache-control": "no-store" };

/**
 * Routes for probes: `/health/live` answers 200 while the process can answer at all.
 *
 * `/health/ready` answers 200 from the first archive that was loaded until the relay starts to shut down, else 503 with the
 * reasons. That is when the Relay Proxy, which has no such route, listens: an archive with bad environments is served, those
 * environments answer 503. A later bad archive or environment makes no relay unready, for it would take all replicas away at once:
 * the status is "degraded" then, with the reasons.
 *
 * @param services The store, and the relay's status.
 * @returns The routes.
 */
export function healthRoutes({ store, status }: Pick<Services, "store" | "status">): OpenRoute[] {
  function ready(): Response {
    const { isClosing, dataFile, trust } = status();
    const lastError = dataFile.lastError?.message;
    const obstacles = [];
    if (isClosing) obstacles.push("the relay is shutting down");
    if (!store.ready) obstacles.push("no archive has been loaded yet");
    const reasons = [...obstacles, ...store.environments.flatMap(describeFault)];
    if (lastError !== undefined) reasons.push(`the newest data file is not served: ${lastError}`);
    if (dataFile.isLastKnownGood) {
      reasons.push("the last known good archive is served, from the state directory");
    }
    if (trust.stale) {
      reasons.push(`what is served is stale: version ${trust.version} of epoch ${trust.epoch}`);
    }
    const flaw = obstacles.length > 0 ? "not ready" : "degraded";
    const body = reasons.length === 0 ? { status: "ready" } : { status: flaw, reasons, lastError };
    return Response.json(body, { status: obstacles.length === 0 ? 200 : 503, headers: HEADERS });
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

function describeFault({ id, snapshot, fault }: StoredEnvironment): string[] {
  if (snapshot) return fault === undefined ? [] : [`environment ${id} keeps its previous data: ${fault}`];
  return [`environment ${id} has no data: ${fault}`];
}
