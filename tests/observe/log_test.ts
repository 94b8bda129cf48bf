import { assertEquals } from "@std/assert";
import { createLog, type LogLevel } from "../../lib/observe/mod.ts";

function collect(level: LogLevel, format: "text" | "json"): string[] {
  const lines: string[] = [];
  const log = createLog({ level, format, now: () => 1_700_000_000_123, write: (line) => lines.push(line) });
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("two\nlines \u2028 \x1b[31m");
  return lines;
}

Deno.test("createLog() writes the Relay Proxy's line and lets no message forge one", () => {
  assertEquals(collect("warn", "text"), [
    "2023/11/14 22:13:20.123000 WARN: w\n",
    "2023/11/14 22:13:20.123000 ERROR: two\\u000alines \\u2028 \\u001b[31m\n",
  ]);
});

Deno.test("createLog() writes JSON objects with timestamp, level and message", () => {
  assertEquals(collect("debug", "json").map((line) => JSON.parse(line)), [
    { timestamp: "2023-11-14T22:13:20.123Z", level: "debug", message: "d" },
    { timestamp: "2023-11-14T22:13:20.123Z", level: "info", message: "i" },
    { timestamp: "2023-11-14T22:13:20.123Z", level: "warn", message: "w" },
    { timestamp: "2023-11-14T22:13:20.123Z", level: "error", message: "two\nlines \u2028 \x1b[31m" },
  ]);
});

Deno.test("createLog() writes nothing at level none", () => {
  assertEquals(collect("none", "text"), []);
});

const FIELDS = {
  path: "a b=c",
  digest: "0f",
  environments: 2,
  ok: true,
  empty: "",
  gone: undefined,
  line: "\n",
};

Deno.test("createLog() writes fields after the message, quoted where a blank or a quote is in them", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  log.info("Reloaded data", FIELDS);
  assertEquals(lines, [
    '1970/01/01 00:00:00.000000 INFO: Reloaded data path="a b=c" digest=0f environments=2 ok=true empty="" line="\\n"\n',
  ]);
});

Deno.test("createLog() writes fields into the JSON object, with their types", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", format: "json", now: () => 0, write: (line) => lines.push(line) });
  log.info("Reloaded data", FIELDS);
  const { gone: _, ...fields } = FIELDS;
  assertEquals(JSON.parse(lines[0]!), {
    timestamp: "1970-01-01T00:00:00.000Z",
    level: "info",
    message: "Reloaded data",
    ...fields,
  });
});
