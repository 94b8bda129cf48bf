import type { Log } from "../observe/mod.ts";
import type { CredentialKind, Store, StoredEnvironment } from "../store/mod.ts";
import { type CorsPolicy, createCors } from "./cors.ts";
import { type Match, type Route, type RouteContext, Router } from "./router.ts";
import { encodeTarget, readTarget, type Target } from "./target.ts";

/** What `X-LD-EnvID` can hold (RFC 9110 5.5): visible ASCII, with blanks inside. */
const HEADER_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

const TEXT = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };

/** What the handler needs besides the routes. */
export interface HandlerOptions {
  /** Where credentials are looked up. */
  store: Store;
  /** Gets one line a request at level debug: method, route, status; never the URL, which may hold a context. */
  log: Log;
  /** Which browsers may call. */
  cors: CorsPolicy;
}

/**
 * Joins routes into the one function that answers requests: it finds the route, checks the credential, adds `X-LD-EnvID`
 * to what is answered in an environment's name and, where browsers call, what they need to read it. Statuses and bodies
 * are the Relay Proxy's.
 *
 * @param routes All routes.
 * @param options Store, log and policy.
 * @returns The handler.
 */
export function createHandler(
  routes: Route[],
  { store, log, cors }: HandlerOptions,
): (request: Request) => Promise<Response> {
  const router = new Router(routes);
  const addCorsHeaders = createCors(cors);
  const noticed = new Set<string>();

  function noticeFilter(environment: StoredEnvironment, query: string): void {
    if (!query.includes("filter=") || noticed.has(environment.id)) return;
    if (!new URLSearchParams(query).has("filter")) return;
    noticed.add(environment.id);
    log.warn(
      `A client of environment ${environment.id} asks for a payload filter; archives have none, it gets all flags`,
    );
  }

  async function answerRoute(route: Route, request: Request, context: RouteContext): Promise<Response> {
    if (route.credential === undefined) return await route.handle(request, context);
    const credential = readCredential(route.credential, request, context.params);
    const environment = credential && store.find(route.credential, credential);
    if (!environment) return refuseCredential(route.credential, credential, store.ready);
    noticeFilter(environment, context.query);
    const { id, snapshot } = environment;
    const response = snapshot
      ? await route.handle(request, { ...context, environment, snapshot, credential })
      : new Response("client was not initialized", { status: 503, headers: TEXT });
    return changeHeaders(response, ({ headers }) => {
      if (HEADER_VALUE.test(id)) headers.set("x-ld-envid", id);
    });
  }

  /** Preflights carry no credentials, so they are answered before any are looked at. */
  function answerMethod({ routes }: Match, isPreflight: boolean): Response {
    const allow = routes.map(({ method }) => method).join(", ");
    return new Response(null, { status: isPreflight ? 200 : 405, headers: { allow } });
  }

  async function answerSafely(route: Route, request: Request, context: RouteContext): Promise<Response> {
    try {
      return await answerRoute(route, request, context);
    } catch (error) {
      log.error(
        `Cannot answer ${route.path}: ${error instanceof Error ? error.stack ?? error.message : error}`,
      );
      return new Response(null, { status: 500 });
    }
  }

  async function answer(request: Request, target: Target): Promise<[Response, Match | undefined]> {
    const { path, query } = target;
    const cleaned = cleanPath(path);
    const match = router.match(request.method, cleaned);
    const isBrowsers = match?.routes.some(({ credential }) => credential === "environment") ?? false;
    const isPreflight = isBrowsers && request.method === "OPTIONS";
    let response: Response;
    if (cleaned !== path && !isPreflight) {
      const location = encodeTarget(cleaned) + (query && `?${encodeTarget(query)}`);
      response = new Response(null, { status: 301, headers: { location } });
    } else if (!match) {
      response = new Response("404 page not found\n", { status: 404, headers: TEXT });
    } else if (match.route) {
      response = await answerSafely(match.route, request, { params: match.params, query });
    } else {
      response = answerMethod(match, isPreflight);
    }
    if (isBrowsers) changeHeaders(response, (response) => addCorsHeaders(request, response));
    return [response, match];
  }

  return async (request) => {
    const target = readTarget(request.url, request.headers.get("host"));
    const [response, match] = target
      ? await answer(request, target)
      : [new Response("malformed Host header\n", { status: 400, headers: TEXT }), undefined];
    log.debug(
      `Request: method=${request.method} route=${match?.routes[0]?.path ?? "none"} status=${response.status}`,
    );
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

/** Resolves `.`, `..` and empty segments as Go's router does; a trailing slash stays. */
function cleanPath(path: string): string {
  if (!/\/\/|\/\.\.?(\/|$)/.test(path)) return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const cleaned = `/${segments.join("/")}`;
  return path.endsWith("/") && cleaned !== "/" ? `${cleaned}/` : cleaned;
}

/** The credential that a request carries, or `undefined` when it is missing or malformed. */
function readCredential(
  kind: CredentialKind,
  request: Request,
  params: Record<string, string>,
): string | undefined {
  if (kind === "environment") return params["envId"];
  const header = request.headers.get("authorization") ?? "";
  const key = header.startsWith("api_key ") ? header.slice("api_key ".length).trim() : header;
  return key === "" || key.includes(" ") ? undefined : key;
}

/** 401 and 404 make SDKs give up for good, so before the first data every credential may still turn out to be known. */
function refuseCredential(kind: CredentialKind, credential: string | undefined, ready: boolean): Response {
  if (credential === undefined) return new Response(null, { status: 401 });
  if (!ready) return new Response("Halyard has not loaded its archive yet", { status: 503, headers: TEXT });
  if (kind === "environment") {
    return new Response("URL did not contain an environment ID", { status: 404, headers: TEXT });
  }
  return new Response(
    "Halyard does not recognize the client credential (missing or invalid Authorization header)",
    { status: 401, headers: TEXT },
  );
}
