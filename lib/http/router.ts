import type { Route } from "./route.ts";

/** Result of looking up a path. */
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
  segments: Segment[];
}

interface Segment {
  prefix: string;
  name?: string;
  suffix: string;
}

/** Suffix of a parameter that matches the rest of the path. */
const REST = "...";

/**
 * Finds routes by path: fixed paths in a map, those with parameters by their number of segments, last those that take the rest
 * of a path, the longest first.
 */
export class Router {
  readonly #fixed = new Map<string, Path>();
  readonly #patterns = new Map<number, Path[]>();
  readonly #rests: Path[] = [];

  /**
   * Compiles the paths.
   *
   * @param routes All routes.
   */
  constructor(routes: readonly Route[]) {
    const paths = new Map<string, Path>();
    for (const route of routes) {
      const path = paths.get(route.path);
      if (path) path.routes.push(route);
      else paths.set(route.path, { routes: [route], segments: route.path.split("/").map(parseSegment) });
    }
    for (const [template, path] of paths) {
      const count = path.segments.length;
      if (!template.includes("{")) this.#fixed.set(template, path);
      else if (template.endsWith(`${REST}}`)) this.#rests.push(path);
      else this.#patterns.set(count, [...this.#patterns.get(count) ?? [], path]);
    }
    this.#rests.sort((a, b) => b.segments.length - a.segments.length);
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
    for (const pattern of this.#rests) {
      const last = pattern.segments.length - 1;
      const params = matchSegments(pattern, [...segments.slice(0, last), segments.slice(last).join("/")]);
      if (params) return choose(pattern.routes, method, params);
    }
    return undefined;
  }
}

function choose(routes: Route[], method: string, params: Record<string, string>): Match {
  const wanted = method === "HEAD" ? "GET" : method;
  return { route: routes.find((route) => route.method === wanted), routes, params };
}

function parseSegment(segment: string): Segment {
  const [, prefix, name, suffix] = /^(.*)\{(.+)\}(.*)$/.exec(segment) ?? [];
  if (name === undefined) return { prefix: segment, suffix: "" };
  return { prefix: prefix!, name: name.replace(REST, ""), suffix: suffix! };
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
