import { describeError, type Log, type Meter, NO_METER } from "../observe/mod.ts";
import type { CredentialKind, Store } from "../store/mod.ts";
import { cleanPath } from "./_clean_path.ts";
import { createFilterNotice } from "./_filter_notice.ts";
import { NO_ROUTE, RequestMetrics } from "./_request_metrics.ts";
import { type CorsPolicy, createCors } from "./cors.ts";
import { type Refusal, refuseRequest, TEXT_HEADERS } from "./refusal.ts";
import type { EnvironmentContext, EnvironmentRoute, Route, RouteContext } from "./route.ts";
import { type Match, Router } from "./router.ts";
import { encodeTarget, readTarget, type Target } from "./target.ts";

/** A value that a header can hold (RFC 9110 5.5): visible ASCII, with blanks inside. */
const HEADER_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/** Options for {@linkcode createHandler}. */
export interface HandlerOptions {
  /** Store in which credentials are looked up. */
  store: Store;
  /** Log: one line a request at level debug: method, route, status; never the URL, which may hold a context. */
  log: Log;
  /** Counts requests. @default {NO_METER} */
  meter?: Meter;
  /** Policy for browsers. */
  cors: CorsPolicy;
}

/**
 * Joins routes into the one function that answers requests: it finds the route, checks the credential, adds `X-LD-EnvID`
 * to what is answered in an environment's name and, where browsers call, what they need to read it. Statuses and bodies
 * are the Relay Proxy's.
 *
 * @param routes All routes.
 * @param options Store, log, meter and policy.
 * @returns The handler.
 */
export function createHandler(
  routes: readonly Route[],
  { store, log, meter = NO_METER, cors }: HandlerOptions,
): (request: Request) => Promise<Response> {
  const router = new Router(routes);
  const metrics = new RequestMetrics(meter, routes);
  const addCorsHeaders = createCors(cors);
  const noticeFilter = createFilterNotice(log);

  function refuse(route: EnvironmentRoute, why: Refusal, kind: CredentialKind): Response {
    metrics.countRefusal(why);
    return (route.refuse ?? refuseRequest)(why, kind);
  }

  async function answerEnvironment(
    route: EnvironmentRoute,
    request: Request,
    context: RouteContext,
  ): Promise<Response> {
    const opened = openEnvironment(route, request, context, store);
    const { environment, credentialKind } = opened;
    if (!environment) return refuse(route, opened.why, credentialKind);
    const { params, query } = context;
    const { id, snapshot } = environment;
    const { credential } = opened;
    noticeFilter(id, query);
    const response = snapshot
      ? await route.handle(request, { params, query, environment, snapshot, credential, credentialKind })
      : refuse(route, "no data", credentialKind);
    return changeHeaders(response, ({ headers }) => {
      if (HEADER_VALUE.test(id)) headers.set("x-ld-envid", id);
    });
  }

  async function answerRoute(route: Route, request: Request, context: RouteContext): Promise<Response> {
    try {
      return await (route.access
        ? answerEnvironment(route, request, context)
        : route.handle(request, context));
    } catch (error) {
      log.error("Cannot answer a request", { route: route.path, error: describeError(error) });
      return new Response(null, { status: 500 });
    }
  }

  async function answer(request: Request, target: Target): Promise<[Response, Match | undefined]> {
    const { path, query } = target;
    const cleaned = cleanPath(path);
    const match = router.match(request.method, cleaned);
    const isBrowsers = match?.routes.some(({ cors }) => cors) ?? false;
    const isPreflight = isBrowsers && request.method === "OPTIONS";
    let response: Response;
    if (cleaned !== path && !isPreflight) {
      const location = encodeTarget(cleaned) + (query && `?${encodeTarget(query)}`);
      response = new Response(null, { status: 301, headers: { location } });
    } else if (!match) {
      response = new Response("404 page not found\n", { status: 404, headers: TEXT_HEADERS });
    } else if (match.route) {
      response = await answerRoute(match.route, request, { params: match.params, query });
    } else {
      response = answerMethod(match, isPreflight);
    }
    if (isBrowsers) changeHeaders(response, (response) => addCorsHeaders(request, response));
    return [response, match];
  }

  function refuseHost(): [Response, undefined] {
    metrics.countRefusal("bad host");
    return [new Response("malformed Host header\n", { status: 400, headers: TEXT_HEADERS }), undefined];
  }

  return async (request) => {
    const target = readTarget(request.url, request.headers.get("host"));
    const [response, match] = target ? await answer(request, target) : refuseHost();
    const { status } = response;
    const route = match?.routes[0]?.path ?? NO_ROUTE;
    metrics.countAnswer(route, status);
    log.debug("Request", { method: request.method, route, status });
    return response;
  };
}

/** Changes headers. A response where that fails is not sent, so what it would have read must not stay open. */
function changeHeaders(response: Response, change: (response: Response) => void): Response {
  try {
    change(response);
    return response;
  } catch (error) {
    response.body?.cancel().catch(() => {});
    throw error;
  }
}

/** Preflights carry no credentials, so they are answered before any are looked at. */
function answerMethod({ routes }: Match, isPreflight: boolean): Response {
  const allow = routes.map(({ method }) => method).join(", ");
  return new Response(null, { status: isPreflight ? 200 : 405, headers: { allow } });
}

/** Result of looking for the environment that a request may have: what opened it, or why nothing did. */
type Opened =
  | Pick<EnvironmentContext, "environment" | "credential" | "credentialKind">
  | { environment?: never; why: Refusal; credentialKind: CredentialKind };

function openEnvironment(
  { access }: EnvironmentRoute,
  request: Request,
  { params, query }: RouteContext,
  store: Store,
): Opened {
  let refused: Opened | undefined;
  for (const { kind, read } of access) {
    const credential = read(request, params, query);
    if (credential === undefined) continue;
    const environment = store.find(kind, credential);
    if (environment) return { environment, credential, credentialKind: kind };
    refused ??= { why: store.ready ? "unknown" : "loading", credentialKind: kind };
  }
  return refused ?? { why: "missing", credentialKind: access[0]!.kind };
}
