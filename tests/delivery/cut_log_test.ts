import { assertEquals } from "@std/assert";
import { CutLog } from "../../lib/delivery/_cut_log.ts";
import type { LogFields } from "../../lib/observe/mod.ts";

Deno.test("CutLog logs the first of a kind at once, and the others as one number a minute", () => {
  const lines: [string, LogFields | undefined][] = [];
  function ignore() {}
  const log = new CutLog({
    debug: ignore,
    info: ignore,
    error: ignore,
    warnOnce: ignore,
    warn: (message, fields) => void lines.push([message, fields]),
  });
  for (let i = 0; i < 1000; i++) log.note({ message: "Slow", environment: "e1" });
  log.note({ message: "Slow", environment: "e2" });
  log.note({ message: "Old", environment: "e1" });
  const first: typeof lines = [["Slow", { environment: "e1" }], ["Slow", { environment: "e2" }], ["Old", {
    environment: "e1",
  }]];
  assertEquals(lines, first);
  const now = performance.now();
  log.flush(now + 50_000);
  assertEquals(lines, first);
  log.flush(now + 61_000);
  assertEquals(lines.slice(3), [["Slow", { environment: "e1", count: 999 }]]);
  log.flush(now + 130_000);
  assertEquals(lines.length, 4, "nothing has happened again");
  log.note({ message: "Slow", environment: "e1" });
  assertEquals(lines.length, 5, "it is the first again");
});
