/**
 * Server-sent event streams: the hub that holds them and brings each to the newest state.
 *
 * @module
 */
export * from "./admission.ts";
export * from "./channel.ts";
export * from "./deliveries.ts";
export * from "./hub.ts";
