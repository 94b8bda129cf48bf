import { assertEquals } from "@std/assert";
import { createLog, type LogLevel } from "../../lib/observe/mod.ts";

Deno.test("createLog() writes audit events at every level but none, numbered without gaps", () => {
  const lines: string[] = [];
  let level: LogLevel = "info";
  const log = createLog({ level: () => level, format: "text", write: (line) => lines.push(line.slice(27)) });
  log.info("Loaded data", { digest: "ab", audit: "load" });
  log.info("Listening");
  for (level of ["error", "none", "debug"] as const) log.info(`At ${level}`, { audit: "key" });
  level = "error";
  log.info("No event", { audit: undefined });
  log.error("Refused", { audit: "refuse" });
  assertEquals(lines, [
    "INFO: Loaded data digest=ab audit=load seq=1\n",
    "INFO: Listening\n",
    "INFO: At error audit=key seq=2\n",
    "INFO: At debug audit=key seq=3\n",
    "ERROR: Refused audit=refuse seq=4\n",
  ]);
});

Deno.test("createLog() writes an audit event as often as it happens", () => {
  const lines: string[] = [];
  const log = createLog({ level: "error", format: "json", write: (line) => lines.push(line) });
  for (let i = 0; i < 3; i++) log.error("Refused", { audit: "refuse" });
  log.reportRepeated(true);
  assertEquals(lines.map((line) => JSON.parse(line).seq), [1, 2, 3]);
});
