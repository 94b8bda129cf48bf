import { assertEquals } from "@std/assert";
import { createLog, type LogLevel } from "../../lib/observe/mod.ts";

Deno.test("createLog() with a function for its level asks it for each line", () => {
  const lines: string[] = [];
  let level: LogLevel = "error";
  const log = createLog({ level: () => level, format: "text", write: (line) => lines.push(line.slice(27)) });
  for (level of ["error", "debug", "none", "info"] as const) {
    log.debug(`at ${level}`);
    log.info(`at ${level}`);
    log.error(`at ${level}`);
  }
  assertEquals(lines, [
    "ERROR: at error\n",
    "DEBUG: at debug\n",
    "INFO: at debug\n",
    "ERROR: at debug\n",
    "INFO: at info\n",
    "ERROR: at info\n",
  ]);
});

Deno.test("warnOnce() logs what was kept out before, once it is let through", () => {
  const lines: string[] = [];
  let level: LogLevel = "error";
  const log = createLog({ level: () => level, format: "text", write: (line) => lines.push(line.slice(27)) });
  for (level of ["error", "warn", "info"] as const) log.warnOnce("wrong", { environment: "e1" });
  assertEquals(lines, ["WARN: wrong environment=e1\n"]);
});
