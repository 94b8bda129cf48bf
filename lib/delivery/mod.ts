/**
 * Documents and server-sent event streams on their way to clients: {@linkcode Delivery} sends each at the pace of its client, holds
 * every open stream, brings it to the current version and bounds what slow clients can cost. A {@linkcode Channel} is the protocol
 * of a stream.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Budget } from "./budget.ts";
 *
 * const budget = new Budget({ maxBytes: 1000 });
 * const charge = budget.tryTake(800);
 * assertEquals(budget.tryTake(300), undefined);
 * charge?.release();
 * assertEquals(budget.bytes, 0);
 * ```
 *
 * @module
 */
export type { Charged, Making } from "./_budgets.ts";
export type { DeliveryOptions, DocumentOptions, StreamCounter } from "./_options.ts";
export type { PaceLimits } from "./_pace.ts";
export type { PacedBody, Sink } from "./_reader.ts";
export type { ConnectionCounter, StreamRequest, Subscription } from "./_stream.ts";
export * from "./budget.ts";
export * from "./channel.ts";
export * from "./delivery.ts";
