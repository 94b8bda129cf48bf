/**
 * The interface of each family of routes, and the evaluations that they share.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Surface } from "./mod.ts";
 *
 * const surface: Surface = {
 *   name: "version",
 *   routes: ({ status }) => [{
 *     method: "GET",
 *     path: "/version",
 *     handle: () => new Response(status().version),
 *   }],
 * };
 * assertEquals(surface.name, "version");
 * ```
 *
 * @module
 */
export * from "./audiences.ts";
export * from "./client_channel.ts";
export * from "./context_request.ts";
export * from "./evaluations.ts";
export * from "./in_turn.ts";
export * from "./secure_mode.ts";
export * from "./surface.ts";
