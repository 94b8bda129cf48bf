/**
 * The explorer: what is served, and why. Only the listener for operators has it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHandler } from "../../http/mod.ts";
 * import { createLog } from "../../observe/mod.ts";
 * import { Store } from "../../store/mod.ts";
 * import { explorerGuard, explorerRoutes } from "./mod.ts";
 *
 * const store = new Store();
 * const log = createLog({ level: "none", format: "text", write() {} });
 * const routes = explorerRoutes({
 *   store,
 *   describeRelay: () => ({ version: "1.2.3" }),
 *   countLimitsReached: () => undefined,
 *   answerSdk: () => new Response("what SDKs get"),
 *   collectMetrics: () => Promise.resolve([]),
 *   getPrevious: () => undefined,
 *   canCompile: () => true,
 * });
 * const handler = createHandler(routes, {
 *   store,
 *   log,
 *   cors: { envAllowedOrigin: [], envAllowedHeader: [] },
 *   guards: [explorerGuard({ token: "a long secret of ours", hosts: [], log })],
 * });
 * const url = "http://localhost/explorer/api/environments";
 * const headers = { host: "localhost" };
 * assertEquals((await handler(new Request(url, { headers }))).status, 401);
 * ```
 *
 * @module
 */
import type { OpenRoute } from "../../http/mod.ts";
import { apiRoutes } from "./api_routes.ts";
import { pageRoutes } from "./page_routes.ts";
import type { ExplorerServices } from "./_services.ts";

export { type AccessOptions, explorerGuard } from "./access.ts";
export type { ExplorerServices } from "./_services.ts";

/**
 * Creates the routes of the explorer, to be served behind {@linkcode explorerGuard}.
 *
 * @param services What is served, and how the relay stands.
 * @returns The routes.
 */
export function explorerRoutes(services: ExplorerServices): OpenRoute[] {
  return [...pageRoutes(), ...apiRoutes(services)];
}
