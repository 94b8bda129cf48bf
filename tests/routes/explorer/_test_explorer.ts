import { createHandler, type Handler, WEB_TRANSPORT } from "../../../lib/http/mod.ts";
import type { MetricState } from "../../../lib/observe/mod.ts";
import { explorerGuard, explorerRoutes, type ExplorerServices } from "../../../lib/routes/explorer/mod.ts";
import { Store, type StoredEnvironment } from "../../../lib/store/mod.ts";
import { makeLog, type TestLog } from "../../_environments.ts";

/** Token of the explorers of tests. */
export const TOKEN = "correct-horse-battery-staple";

/** What an explorer of a test is made of; everything has a default. */
export interface ExplorerParts {
  token?: string;
  hosts?: string[];
  store?: Store;
  status?: Record<string, unknown>;
  limitsReached?: Record<string, number>;
  /** Data that can be compiled: bytes. */
  memory?: number;
  metrics?: MetricState[];
  previous?: ReadonlyMap<string, StoredEnvironment>;
  answerSdk?: ExplorerServices["answerSdk"];
  now?: () => number;
}

/** Options of a request to such an explorer. */
export interface Sent extends RequestInit {
  /** `Host`; null for none. */
  host?: string | null;
  /** Address that it comes from. */
  address?: string;
}

/** An explorer whose requests are function calls. */
export class TestExplorer {
  readonly log: TestLog = makeLog();
  readonly store: Store;
  readonly #handler: Handler;

  constructor(
    parts: ExplorerParts = {},
  ) {
    const { token, hosts = [], store = new Store(), status = {}, limitsReached = {}, metrics = [] } = parts;
    const { previous, memory = Infinity, now } = parts;
    this.store = store;
    const { log } = this;
    const routes = explorerRoutes({
      store,
      describeRelay: () => status,
      countLimitsReached: (id) => limitsReached[id],
      collectMetrics: () => Promise.resolve(metrics),
      answerSdk: parts.answerSdk ?? (() => new Response("of an SDK")),
      getPrevious: () => previous,
      canCompile: (bytes) => bytes <= memory,
    });
    this.#handler = createHandler(routes, {
      store,
      log,
      cors: { envAllowedOrigin: [], envAllowedHeader: [] },
      guards: [explorerGuard({ ...token !== undefined && { token }, hosts, log, ...now && { now } })],
    });
  }

  /** Sends a request, and reads the answer to its end. */
  async fetch(path: string, sent: Sent = {}): Promise<Response> {
    const response = await this.send(path, sent);
    const bytes = response.body && await response.bytes();
    return new Response(bytes, response);
  }

  /** Sends a request. The answer has to be read. */
  async send(
    path: string,
    { host = "localhost:8032", address = "127.0.0.1", ...init }: Sent = {},
  ): Promise<Response> {
    const request = new Request(`http://localhost:8032${path}`, init);
    if (host !== null) request.headers.set("host", host);
    // A request would resolve dots in its URL, which servers do not.
    return await this.#handler(request, { ...WEB_TRANSPORT, url: `http://localhost:8032${path}`, address });
  }

  /** Sends a GET to the API. Returns the parsed answer, and its status where that is not 200. */
  async get(path: string): Promise<unknown> {
    return await parse(await this.fetch(`/explorer/api/${path}`));
  }

  /** Sends a POST to the API. */
  async post(path: string, body: unknown): Promise<unknown> {
    return await parse(await this.postText(path, JSON.stringify(body)));
  }

  /** Sends a POST with any text to the API. */
  postText(path: string, body: BodyInit, type = "application/json"): Promise<Response> {
    return this.fetch(`/explorer/api/${path}`, { method: "POST", body, headers: { "content-type": type } });
  }

  /** Sends the form of the page. */
  logIn(token: string, sent: Sent = {}): Promise<Response> {
    return this.fetch("/explorer", { method: "POST", body: new URLSearchParams({ token }), ...sent });
  }
}

async function parse(response: Response): Promise<unknown> {
  const json = await response.json();
  return response.ok ? json : { status: response.status, ...json };
}
