import { assertEquals } from "@std/assert";
import type { Route } from "../../lib/http/mod.ts";
import { type Match, Router } from "../../lib/http/router.ts";

function route(method: Route["method"], path: string): Route {
  return { method, path, handle: () => new Response() };
}

const ROUTER = new Router([
  route("GET", "/all"),
  route("GET", "/sdk/flags/{key}"),
  route("POST", "/mobile"),
  route("GET", "/sdk/evalx/{envId}/contexts/{context}"),
  route("REPORT", "/sdk/evalx/{envId}/context"),
  route("GET", "/sdk/evalx/contexts/{context}"),
  route("REPORT", "/sdk/evalx/context"),
  route("GET", "/a/{envId}.gif"),
  route("GET", "/files/{path...}"),
  route("GET", "/files/{folder}/index"),
  route("GET", "/files/deep/{path...}"),
  route("POST", "/{any...}"),
]);

function summarize(match: Match | undefined): unknown {
  if (match === undefined) return undefined;
  return match.route ? [match.route.path, match.params] : match.routes.map((route) => route.method);
}

// What a client asks for, and the route and parameters, or the allowed methods, or nothing.
const REQUESTS: [method: string, path: string, expected: unknown][] = [
  ["GET", "/all", ["/all", {}]],
  ["HEAD", "/all", ["/all", {}]],
  ["POST", "/all", ["GET"]],
  ["GET", "/all/", ["POST"]],
  ["GET", "/ALL", ["POST"]],
  ["GET", "/sdk/flags/a%20b%2Fc", ["/sdk/flags/{key}", { key: "a b/c" }]],
  ["GET", "/sdk/flags/__proto__", ["/sdk/flags/{key}", { key: "__proto__" }]],
  ["GET", "/sdk/flags/", ["POST"]],
  ["GET", "/sdk/flags/%zz", undefined],
  ["DELETE", "/sdk/flags/x", ["GET"]],
  ["GET", "/sdk/evalx/e1/contexts/abc", ["/sdk/evalx/{envId}/contexts/{context}", {
    envId: "e1",
    context: "abc",
  }]],
  ["GET", "/sdk/evalx/contexts/abc", ["/sdk/evalx/contexts/{context}", { context: "abc" }]],
  ["REPORT", "/sdk/evalx/e1/context", ["/sdk/evalx/{envId}/context", { envId: "e1" }]],
  ["REPORT", "/sdk/evalx/context", ["/sdk/evalx/context", {}]],
  ["GET", "/sdk/evalx/e1/context", ["REPORT"]],
  ["GET", "/a/e1.gif", ["/a/{envId}.gif", { envId: "e1" }]],
  ["GET", "/a/.gif", ["POST"]],
  ["GET", "/a/e1.png", ["POST"]],
  ["GET", "/files/a", ["/files/{path...}", { path: "a" }]],
  ["GET", "/files/a/b%20c/", ["/files/{path...}", { path: "a/b c/" }]],
  ["GET", "/files/a/index", ["/files/{folder}/index", { folder: "a" }]],
  ["GET", "/files/deep/a/b", ["/files/deep/{path...}", { path: "a/b" }]],
  ["GET", "/files/", ["POST"]],
  ["GET", "/files", ["POST"]],
  ["GET", "/files/%zz", undefined],
  ["GET", "/", undefined],
];

for (const [method, path, expected] of REQUESTS) {
  Deno.test(`Router.match() finds the route of ${method} ${path}`, () => {
    assertEquals(summarize(ROUTER.match(method, path)), expected);
  });
}
