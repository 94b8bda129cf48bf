/**
 * The log, and what keeps secrets out of it.
 *
 * @example
 * ```ts
 * import { createLog } from "./log.ts";
 * import { obscureKey } from "./redact.ts";
 *
 * const lines: string[] = [];
 * const log = createLog({ level: "info", format: "json", write: (line) => lines.push(line) });
 * log.info(`Serving ${obscureKey("sdk-01234567-89ab-cdef-0123-456789abcdef")}`);
 * ```
 *
 * @module
 */
export * from "./escape.ts";
export * from "./log.ts";
export * from "./log_output.ts";
export * from "./redact.ts";
