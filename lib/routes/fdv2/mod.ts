/**
 * Routes of FDv2, LaunchDarkly's next protocol: all data or changes as transfers, by poll and by stream, for servers and for clients
 * that get results.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describePayload } from "./transfer.ts";
 *
 * const { id, state } = describePayload("65f1c0ffee", "digest");
 * assertEquals(state.startsWith(`(p:${id}:`), true);
 * assertEquals(describePayload("65f1c0ffee", "digest").state, state);
 * ```
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { clientRoutes } from "./client_routes.ts";
import { serverRoutes } from "./server_routes.ts";

/** Routes for polling and streaming with SDKs whose data system is switched on. */
export const FDV2: Surface = {
  name: "fdv2",
  routes: (services) => [...serverRoutes(services.delivery), ...clientRoutes(services)],
};
