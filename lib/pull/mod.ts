/**
 * The download of an archive: from LaunchDarkly, or from any server of HTTP that has the file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatUrl, INSTANCES, resolveArchiveUrl } from "./mod.ts";
 *
 * const url = resolveArchiveUrl(INSTANCES.eu);
 * assertEquals(formatUrl(url), "https://sdk.eu.launchdarkly.com/relay/latest-all");
 * ```
 *
 * @module
 */
export * from "./follow.ts";
export * from "./http_client.ts";
export * from "./location.ts";
export * from "./part_file.ts";
export * from "./proxy.ts";
export * from "./pull.ts";
export * from "./pull_error.ts";
export * from "./pull_options.ts";
export * from "./relay_key.ts";
export * from "./signing.ts";
export * from "./ssh_keygen.ts";
export * from "./timing.ts";
