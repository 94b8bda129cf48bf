/**
 * One version of an environment, ready to send, and the difference of two.
 *
 * @module
 */
export * from "./diff.ts";
export * from "./prepare.ts";
export * from "./snapshot.ts";
