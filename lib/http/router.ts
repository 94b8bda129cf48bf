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

/** The part of all paths that begin alike, by segment. */
interface Node {
  /** Nodes after a segment that is this text. */
  readonly literals: Map<string, Node>;
  /** Nodes after a segment that is a parameter. */
  readonly patterns: Pattern[];
  /** Routes of the path that ends here. */
  readonly routes: Route[];
}

/** A segment `{name}` or, with a suffix, `{name}.gif`; or the rest of a path. */
interface Pattern {
  readonly name: string;
  readonly suffix: string;
  readonly isRest: boolean;
  readonly node: Node;
}

/** Suffix of a parameter that matches the rest of the path. */
const REST = "...";

/** Finds routes by path, segment by segment: a text comes before a parameter, and the rest of the path comes last. */
export class Router {
  /** Paths without parameters. */
  readonly #fixed = new Map<string, Route[]>();
  readonly #root = createNode();

  /**
   * Compiles the paths.
   *
   * @param routes All routes.
   */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const node = route.path.split("/").slice(1).reduce(addSegment, this.#root);
      node.routes.push(route);
      if (!route.path.includes("{")) this.#fixed.set(route.path, node.routes);
    }
  }

  /**
   * Finds the route of a method and a path.
   *
   * @param method Request method.
   * @param path Request path, still percent-encoded; begins with a slash.
   * @returns What was found; `undefined` when no route has the path.
   */
  match(method: string, path: string): Match | undefined {
    const params: Record<string, string> = {};
    const routes = this.#fixed.get(path) ?? findRoutes(this.#root, path, 1, params);
    if (!routes) return undefined;
    const wanted = method === "HEAD" ? "GET" : method;
    return { route: routes.find((route) => route.method === wanted), routes, params };
  }
}

function createNode(): Node {
  return { literals: new Map(), patterns: [], routes: [] };
}

/** Returns the node after a segment; creates it where there is none. */
function addSegment({ literals, patterns }: Node, segment: string): Node {
  const [start, end] = [segment.indexOf("{"), segment.indexOf("}")];
  if (start < 0) return literals.getOrInsertComputed(segment, createNode);
  const isRest = segment.endsWith(`${REST}}`);
  const name = segment.slice(start + 1, isRest ? end - REST.length : end);
  const suffix = segment.slice(end + 1);
  const known = patterns.find((pattern) => pattern.name === name && pattern.suffix === suffix);
  if (known) return known.node;
  const pattern = { name, suffix, isRest, node: createNode() };
  patterns.push(pattern);
  patterns.sort((a, b) => Number(a.isRest) - Number(b.isRest));
  return pattern.node;
}

/** Finds the routes of a path from one of its segments on, and its parameters. */
function findRoutes(
  { literals, patterns }: Node,
  path: string,
  start: number,
  params: Record<string, string>,
): Route[] | undefined {
  const slash = path.indexOf("/", start);
  const segment = slash < 0 ? path.slice(start) : path.slice(start, slash);
  const literal = literals.get(segment);
  const found = literal && follow(literal, path, slash, params);
  if (found) return found;
  for (const { name, suffix, isRest, node } of patterns) {
    const text = isRest ? path.slice(start) : segment;
    const value = text.endsWith(suffix) ? decode(text.slice(0, text.length - suffix.length)) : undefined;
    const found = value ? follow(node, path, isRest ? -1 : slash, params) : undefined;
    if (!found) continue;
    params[name] = value!;
    return found;
  }
  return undefined;
}

function follow(
  node: Node,
  path: string,
  slash: number,
  params: Record<string, string>,
): Route[] | undefined {
  if (slash >= 0) return findRoutes(node, path, slash + 1, params);
  return node.routes.length > 0 ? node.routes : undefined;
}

function decode(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
