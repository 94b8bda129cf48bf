import { type OpenRoute, TEXT_HEADERS } from "../../http/mod.ts";
import type { StoredEnvironment } from "../../store/mod.ts";
import type { Services } from "../mod.ts";
import { checkExpectations, type Shape } from "./expect.ts";
import {
  describeBriefly,
  describeEnvironment,
  describeStatus,
  ENVIRONMENT_SHAPE,
  STATUS_SHAPE,
} from "./status.ts";

/** Sources of a status. */
type StatusServices = Pick<Services, "store" | "status">;

/** Headers of an answer that must never come from a cache. */
const HEADERS = { "cache-control": "no-store" };

/**
 * Creates the routes of the status in detail: `/status` of all environments, `/status/{envId}` and `/status/{projKey}/{envKey}` of one,
 * as the Relay Proxy 9 has them, all with `?expect=`.
 *
 * @param services The store, and the relay's status.
 * @returns The routes.
 */
export function statusRoutes({ store, status }: StatusServices): OpenRoute[] {
  function answerEnvironment(query: string, matches: (environment: StoredEnvironment) => boolean): Response {
    if (!store.ready) return refuse(503, "Halyard has not loaded its archive yet");
    const environment = store.environments.find(matches);
    if (!environment) return refuse(404, "There is no such environment");
    return answer(query, describeEnvironment(environment, status()), ENVIRONMENT_SHAPE);
  }

  return [
    {
      method: "GET",
      path: "/status",
      handle: (_request, { query }) => answer(query, describeStatus(store, status()), STATUS_SHAPE),
    },
    {
      method: "GET",
      path: "/status/{envId}",
      handle: (_request, { query, params }) => answerEnvironment(query, ({ id }) => id === params["envId"]),
    },
    {
      method: "GET",
      path: "/status/{projKey}/{envKey}",
      handle: (_request, { query, params: { projKey, envKey } }) =>
        answerEnvironment(
          query,
          ({ metadata }) => metadata?.projectKey === projKey && metadata?.key === envKey,
        ),
    },
  ];
}

/**
 * Creates the route `/status` of the public listener where operators have one of their own: whether all is well, and the version.
 * A health check with `?expect=` is refused, as it would succeed whatever it expects.
 *
 * @param services The store, and the relay's status.
 * @returns The route.
 */
export function briefStatusRoute({ store, status }: StatusServices): OpenRoute {
  return {
    method: "GET",
    path: "/status",
    handle: (_request, { query }) =>
      checkExpectations(query, {}, {})
        ? refuse(404, "?expect= is answered by the admin listener (ADMIN_PORT)")
        : Response.json(describeBriefly(store, status()), { headers: HEADERS }),
  };
}

function answer(query: string, status: Record<string, unknown>, shape: Shape): Response {
  const expectations = checkExpectations(query, status, shape);
  return expectations
    ? Response.json(expectations.body, { status: expectations.status, headers: HEADERS })
    : Response.json(status, { headers: HEADERS });
}

function refuse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { ...TEXT_HEADERS, ...HEADERS } });
}
