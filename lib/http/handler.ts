import { describeError, type Log, type Meter, NO_METER } from "../observe/mod.ts";
import type { ConnectionCounter } from "../delivery/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import type { CredentialKind, Store, StoredEnvironment } from "../store/mod.ts";
import { cleanPath } from "./_clean_path.ts";
import { ClientMetrics } from "./_client_metrics.ts";
import { createFilterNotice } from "./_filter_notice.ts";
import { RequestLimit } from "./_request_limit.ts";
import { NO_ROUTE, RequestMetrics } from "./_request_metrics.ts";
import { type CorsHeaders, type CorsPolicy, createCors } from "./cors.ts";
import type { Guard, Visit } from "./guard.ts";
import { respondBusy } from "./payload.ts";
import { type Refusal, refuseRequest, TEXT_HEADERS } from "./refusal.ts";
import type { AnswerBody, EnvironmentContext, EnvironmentRoute, Route, RouteContext } from "./route.ts";
import { type Match, Router } from "./router.ts";
import { encodeTarget, readTarget, type Target } from "./target.ts";
import { type Handler, type Transport, WEB_TRANSPORT } from "./transport.ts";

/** A value that a header can hold (RFC 9110 5.5): visible ASCII, with blanks inside. */
const HEADER_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/** Methods that the log names. Any other is a text of the client's choice, however long. */
const LOGGED_METHODS: ReadonlySet<string> = new Set(
  ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "REPORT", "TRACE"],
);

/** Options for {@linkcode createHandler}. */
export interface HandlerOptions {
  /** Store in which credentials are looked up. */
  store: Store;
  /** Log: one line a request at level debug: method, route, status, duration; never the URL, which may hold a context. */
  log: Log;
  /** Counts requests. @default {NO_METER} */
  meter?: Meter;
  /** Prefix of the metrics of the Relay Proxy; absent: they are not counted. */
  prometheusPrefix?: string;
  /** Policy for browsers; a function where it may change. */
  cors: CorsPolicy | CorsHeaders;
  /** Guards of paths. @default {none} */
  guards?: readonly Guard[];
  /** Called when a request is turned away because too many are being answered. @default {nothing happens} */
  onShed?: () => void;
}

/** No headers. */
const NO_HEADERS: Headers = Object.freeze({});

type Headers = Readonly<Record<string, string>>;

/** What the answers of one request get: headers besides their own, and the way they are sent. */
interface Added {
  headers: Headers;
  transport: Transport;
}

/**
 * Joins routes into the one function that answers requests: it finds the route, checks the credential, adds `X-LD-EnvID`
 * to what is answered in an environment's name and, where browsers call, what they need to read it. Statuses and bodies
 * are the Relay Proxy's. Nothing in it waits where a route does not.
 *
 * @param routes All routes.
 * @param options Store, log, meter and policy.
 * @returns The handler.
 */
export function createHandler(
  routes: readonly Route[],
  { store, log, meter = NO_METER, prometheusPrefix, cors, guards = [], onShed = () => {} }: HandlerOptions,
): Handler {
  const router = new Router(routes);
  const metrics = new RequestMetrics(meter, routes);
  const clients = prometheusPrefix === undefined ? undefined : new ClientMetrics(meter, prometheusPrefix);
  const limit = new RequestLimit();
  const listCorsHeaders = typeof cors === "function" ? cors : createCors(cors);
  const noticeFilter = createFilterNotice(log);

  function refuse(route: EnvironmentRoute, why: Refusal, kind: CredentialKind): Response {
    metrics.countRefusal(why);
    return (route.refuse ?? refuseRequest)(why, kind);
  }

  function answerEnvironment(
    route: EnvironmentRoute,
    request: Request,
    context: RouteContext,
    added: Added,
  ): Response | Promise<Response> {
    const opened = openEnvironment(route, request, context, store);
    const { environment, credentialKind } = opened;
    if (!environment) return addHeaders(refuse(route, opened.why, credentialKind), added.headers);
    const connections = clients?.count({ request, route, environment, credentialKind });
    const { id, snapshot } = environment;
    if (context.query !== "") noticeFilter(id, context.query);
    const headers = HEADER_VALUE.test(id) ? { ...added.headers, "x-ld-envid": id } : added.headers;
    if (!snapshot) return addHeaders(refuse(route, "no data", credentialKind), headers);
    const exchange = new Exchange(context, { ...opened, snapshot, connections }, { ...added, headers });
    const hasBody = route.method !== "GET";
    const response = limit.answer(credentialKind, hasBody, () => route.handle(request, exchange));
    if (!response) {
      onShed();
      return addHeaders(respondBusy(), headers);
    }
    return finish(response, (response) => exchange.complete(response));
  }

  function fail({ path }: Pick<Route, "path">, error: unknown, headers: Headers): Response {
    log.error("Cannot answer a request", { route: path, error: describeError(error) });
    return addHeaders(new Response(null, { status: 500 }), headers);
  }

  function answerRoute(
    route: Route,
    request: Request,
    context: RouteContext,
    added: Added,
  ): Response | Promise<Response> {
    try {
      const response = route.access
        ? answerEnvironment(route, request, context, added)
        : finish(route.handle(request, context), (response) => addHeaders(response, added.headers));
      return response instanceof Promise
        ? response.catch((error) => fail(route, error, added.headers))
        : response;
    } catch (error) {
      return fail(route, error, added.headers);
    }
  }

  function answer(
    request: Request,
    { path, query }: Target,
    { cleaned, match, transport }: { cleaned: string; match: Match | undefined; transport: Transport },
  ): Response | Promise<Response> {
    const isBrowsers = match?.routes[0]?.cors ?? false;
    const headers = isBrowsers ? listCorsHeaders(request) : NO_HEADERS;
    const isPreflight = isBrowsers && request.method === "OPTIONS";
    if (cleaned !== path && !isPreflight) {
      const location = encodeTarget(cleaned) + (query && `?${encodeTarget(query)}`);
      return new Response(null, { status: 301, headers: { ...headers, location } });
    }
    if (!match) return new Response("404 page not found\n", { status: 404, headers: TEXT_HEADERS });
    const { route, params } = match;
    if (!route) return addHeaders(answerMethod(match, isPreflight), headers);
    return answerRoute(route, request, { params, query }, { headers, transport });
  }

  async function answerGuarded(guard: Guard, request: Request, visit: Visit): Promise<Response> {
    try {
      return await guard.answer(request, visit);
    } catch (error) {
      return fail(guard, error, NO_HEADERS);
    }
  }

  return (request, transport = WEB_TRANSPORT) => {
    const start = performance.now();
    const target = readTarget(transport.url ?? request.url, request.headers.get("host"));
    if (!target) {
      metrics.countRefusal("bad host");
      const response = new Response("malformed Host header\n", { status: 400, headers: TEXT_HEADERS });
      return note({ request, match: undefined, start }, response);
    }
    const cleaned = cleanPath(target.path);
    const match = router.match(request.method, cleaned);
    const next = (): Response | Promise<Response> => answer(request, target, { cleaned, match, transport });
    const guard = guards.find(({ path }) => cleaned === path || cleaned.startsWith(`${path}/`));
    return finish(
      guard ? answerGuarded(guard, request, { path: cleaned, address: transport.address, next }) : next(),
      (response) => note({ request, match, start }, response),
    );
  };

  function note(
    { request: { method }, match, start }: { request: Request; match: Match | undefined; start: number },
    response: Response,
  ): Response {
    const route = match?.routes[0]?.path ?? NO_ROUTE;
    const { status } = response;
    const milliseconds = performance.now() - start;
    metrics.countAnswer(route, match?.route?.method, status, milliseconds);
    log.debug("Request", {
      method: LOGGED_METHODS.has(method) ? method : "other",
      route,
      status,
      durationMs: Math.round(milliseconds * 10) / 10,
    });
    return response;
  }
}

/** A request for an environment, and its answer. */
class Exchange implements EnvironmentContext {
  readonly params: Record<string, string>;
  readonly query: string;
  readonly environment: StoredEnvironment;
  readonly snapshot: Snapshot;
  readonly credential: string;
  readonly credentialKind: CredentialKind;
  readonly connections: ConnectionCounter | undefined;
  readonly #headers: Headers;
  readonly #transport: Transport;
  #answer: Response | undefined;

  constructor(
    { params, query }: RouteContext,
    opened: Omit<EnvironmentContext, keyof RouteContext | "respond">,
    { headers, transport }: Added,
  ) {
    this.params = params;
    this.query = query;
    this.environment = opened.environment;
    this.snapshot = opened.snapshot;
    this.credential = opened.credential;
    this.credentialKind = opened.credentialKind;
    this.connections = opened.connections;
    this.#headers = headers;
    this.#transport = transport;
  }

  respond(body: AnswerBody, headers: Headers = NO_HEADERS, status = 200): Response {
    const init = { status, headers: joinHeaders(headers, this.#headers) };
    this.#answer = typeof body === "object" && body !== null && "pull" in body
      ? this.#transport.respond(body, init)
      : new Response(body instanceof Uint8Array ? unshare(body) : body, init);
    return this.#answer;
  }

  /** Adds the headers that every answer has to one that was not created by `respond`. */
  complete(response: Response): Response {
    return response === this.#answer ? response : addHeaders(response, this.#headers);
  }
}

/** Copies bytes of shared memory, of which a `Response` takes none. */
function unshare(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return (bytes.buffer as ArrayBufferLike) instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

/** Changes a response when it is there: at once, if it is. */
function finish(
  response: Response | Promise<Response>,
  change: (response: Response) => Response,
): Response | Promise<Response> {
  return response instanceof Promise ? response.then(change) : change(response);
}

function joinHeaders(own: Headers, added: Headers): Headers {
  const joined = { ...own, ...added };
  return own["vary"] && added["vary"] ? { ...joined, vary: `${own["vary"]}, ${added["vary"]}` } : joined;
}

/** Adds headers. A response where that fails is not sent, so what it would have read must not stay open. */
function addHeaders(response: Response, added: Headers): Response {
  try {
    for (const [name, value] of Object.entries(added)) {
      if (name === "vary") response.headers.append(name, value);
      else response.headers.set(name, value);
    }
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
