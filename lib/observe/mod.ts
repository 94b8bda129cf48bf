/**
 * The log and the meter, what keeps secrets out of them, and what a status says.
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { createLog } from "./log.ts";
 * import { obscureKey } from "./redact.ts";
 *
 * const lines: string[] = [];
 * const log = createLog({ level: "info", format: "text", write: (line) => lines.push(line) });
 * log.info("Added environment", { environment: "e1", key: obscureKey("sdk-0123456789abcdef") });
 * assertMatch(lines[0]!, / INFO: Added environment environment=e1 key=sdk-\*{11}bcdef\n$/);
 * ```
 *
 * @module
 */
export * from "./describe_error.ts";
export * from "./escape.ts";
export * from "./log.ts";
export * from "./log_output.ts";
export * from "./loop_delay.ts";
export * from "./meter.ts";
export * from "./prometheus.ts";
export * from "./redact.ts";
export * from "./registry.ts";
export * from "./status.ts";
