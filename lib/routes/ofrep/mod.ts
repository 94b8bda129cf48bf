/**
 * Routes of OFREP, by which any OpenFeature client evaluates flags: https://github.com/open-feature/protocol, version 0.3.0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { convertContext } from "./evaluation_context.ts";
 *
 * const { parts, fullyQualifiedKey } = convertContext({ targetingKey: "ann", kind: "member", plan: "pro" });
 * assertEquals(fullyQualifiedKey, "member:ann");
 * assertEquals(parts[0]!.attributes.get("plan"), "pro");
 * ```
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { evaluationRoutes } from "./evaluation_routes.ts";
import { eventRoute } from "./event_route.ts";

/** Evaluation of one flag and of all, and the stream that tells of changes. */
export const OFREP: Surface = {
  name: "ofrep",
  routes: (services) => [...evaluationRoutes(services), eventRoute(services.delivery)],
};
