/**
 * Routes of LaunchDarkly's SDKs: flags for server-side SDKs, results for client-side SDKs, single items for PHP.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHmac } from "node:crypto";
 * import { parseContext } from "../../model/mod.ts";
 * import { isProven } from "../secure_mode.ts";
 *
 * const context = parseContext({ kind: "user", key: "u" });
 * const hash = createHmac("sha256", "sdk-1").update("u").digest("hex");
 * assertEquals(isProven(context, hash, [{ value: "sdk-1" }]), true);
 * assertEquals(isProven(context, hash, [{ value: "sdk-2" }]), false);
 * ```
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { clientRoutes } from "./client_routes.ts";
import { phpRoutes } from "./php_routes.ts";
import { serverSdkRoutes } from "./server_sdk_routes.ts";

/** Routes for polling and streaming with the SDKs of all languages. */
export const FDV1: Surface = {
  name: "fdv1",
  routes: (services) => [
    ...serverSdkRoutes(services.delivery),
    ...clientRoutes(services),
    ...phpRoutes(services.delivery),
  ],
};
