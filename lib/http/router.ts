import type { CredentialKind, StoredEnvironment } from "../store/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";

/** What every handler gets besides the request. */
export interface RouteContext {
  /** Path parameters, decoded. */
  params: Record<string, string>;
  /** Query string without the question mark. */
  query: string;
}

/** What the handler of a route with a credential gets. */
export interface EnvironmentContext extends RouteContext {
  /** The environment that the credential opens. */
  environment: StoredEnvironment;
  /** What it serves at this moment. */
  snapshot: Snapshot;
  /** The credential that opened it. */
  credential: string;
}

/** One method of one path, as far as it does not depend on the credential. */
export interface RouteOf<Context> {
  /** HTTP method. `HEAD` goes to the `GET` route. */
  method: "GET" | "POST" | "REPORT";
  /** Path; a segment `{name}` or `{name}.gif` takes any text without a slash. */
  path: string;
  /** Answers the request. */
  handle(request: Request, context: Context): Response | Promise<Response>;
}

/**
 * One method of one path. The credential is what the client identifies itself with: `sdk` and `mobile` keys in the
 * `Authorization` header, an `environment` ID as the path's `{envId}`. A route without one is open to everybody.
 */
export type Route =
  | (RouteOf<RouteContext> & { credential?: never })
  | (RouteOf<EnvironmentContext> & { credential: CredentialKind });

/** What was found for a path. */
export interface Match {
  /** The route for the method; `undefined` when the path is there, but not for this method. */
  route: Route | undefined;
  /** All routes of the path. */
  routes: Route[];
  /** Path parameters, decoded. */
  params: Record<string, string>;
}

interface Path {
  routes: Route[];
  segments: { prefix: string; name?: string; suffix: string }[];
}

/** Finds routes by path: fixed paths in a map, those with parameters by their number of segments. */
export class Router {
  readonly #fixed = new Map<string, Path>();
  readonly #patterns = new Map<number, Path[]>();

  /** @param routes All routes. */
  constructor(routes: Route[]) {
    const paths = new Map<string, Path>();
    for (const route of routes) {
      const path = paths.get(route.path);
      if (path) path.routes.push(route);
      else paths.set(route.path, { routes: [route], segments: route.path.split("/").map(parseSegment) });
    }
    for (const [template, path] of paths) {
      if (!template.includes("{")) {
        this.#fixed.set(template, path);
        continue;
      }
      const count = path.segments.length;
      this.#patterns.set(count, [...this.#patterns.get(count) ?? [], path]);
    }
  }

  /**
   * Finds the route of a method and a path.
   *
   * @param method Request method.
   * @param path Request path, still percent-encoded.
   * @returns What was found; `undefined` when no route has the path.
   */
  match(method: string, path: string): Match | undefined {
    const fixed = this.#fixed.get(path);
    if (fixed) return choose(fixed.routes, method, {});
    const segments = path.split("/");
    for (const pattern of this.#patterns.get(segments.length) ?? []) {
      const params = matchSegments(pattern, segments);
      if (params) return choose(pattern.routes, method, params);
    }
    return undefined;
  }
}

function choose(routes: Route[], method: string, params: Record<string, string>): Match {
  const wanted = method === "HEAD" ? "GET" : method;
  return { route: routes.find((route) => route.method === wanted), routes, params };
}

function parseSegment(segment: string): Path["segments"][number] {
  const [, prefix, name, suffix] = /^(.*)\{(.+)\}(.*)$/.exec(segment) ?? [];
  return name === undefined ? { prefix: segment, suffix: "" } : { prefix: prefix!, name, suffix: suffix! };
}

function matchSegments(path: Path, values: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [i, { prefix, name, suffix }] of path.segments.entries()) {
    const value = values[i]!;
    if (name === undefined) {
      if (value !== prefix) return undefined;
      continue;
    }
    const decoded = value.endsWith(suffix) ? decode(value.slice(0, value.length - suffix.length)) : undefined;
    if (!decoded) return undefined;
    params[name] = decoded;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
