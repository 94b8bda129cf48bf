import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type CountingLog, createLog, type LogLevel } from "../../lib/observe/mod.ts";

/** Time after which a problem is over: ms. */
const QUIET = 60_000;

/** A log with a clock that stands still. */
interface Bench {
  log: CountingLog;
  lines: string[];
  /** Lets time pass, and looks for what is over. */
  pass(ms: number): void;
}

function makeBench(level: LogLevel | (() => LogLevel) = "warn"): Bench {
  const lines: string[] = [];
  let now = 0;
  const log = createLog({
    level,
    format: "text",
    uptime: () => now,
    write: (line) => lines.push(line.slice(27).trimEnd()),
  });
  function pass(ms: number): void {
    now += ms;
    log.reportRepeated();
  }
  return { log, lines, pass };
}

Deno.test("createLog() logs a problem once, and how often it has happened when it is over", () => {
  const { log, lines, pass } = makeBench();
  for (let i = 0; i < 1_000; i++) log.error("Cannot answer", { route: "/a" });
  log.error("Cannot answer", { route: "/b" });
  log.warn("Cannot answer", { route: "/a" });
  const first = [
    "ERROR: Cannot answer route=/a",
    "ERROR: Cannot answer route=/b",
    "WARN: Cannot answer route=/a",
  ];
  assertEquals(lines, first);
  pass(QUIET - 1);
  assertEquals(lines, first);
  pass(1);
  assertEquals(lines.slice(3), ["ERROR: Cannot answer route=/a repeated=999"]);
  pass(10 * QUIET);
  log.error("Cannot answer", { route: "/a" });
  assertEquals(lines.slice(4), ["ERROR: Cannot answer route=/a"], "it is news again");
});

Deno.test("createLog() logs a problem that goes on once an hour", () => {
  const { log, lines, pass } = makeBench();
  log.warn("Full");
  for (let i = 1; i <= 250; i++) {
    pass(QUIET / 2);
    log.warn("Full");
  }
  log.reportRepeated(true);
  assertEquals(lines, [
    "WARN: Full",
    "WARN: Full repeated=119",
    "WARN: Full repeated=120",
    "WARN: Full repeated=11",
  ]);
});

Deno.test("createLog() logs a problem anew after a pause, though nobody has looked meanwhile, with its number first", () => {
  const lines: (number | undefined)[] = [];
  let now = 0;
  const log = createLog({
    level: "warn",
    format: "json",
    uptime: () => now,
    write: (line) => lines.push(JSON.parse(line).repeated),
  });
  for (now of [0, 10, 20, 20 + QUIET]) log.warn("Full");
  assertEquals(lines, [undefined, 2, undefined]);
});

Deno.test("createLog() repeats what is no problem, and counts nothing that its level keeps out", () => {
  let level: LogLevel = "error";
  const { log, lines } = makeBench(() => level);
  for (let i = 0; i < 3; i++) log.warn("Kept out");
  level = "debug";
  for (let i = 0; i < 2; i++) {
    log.info("Normal");
    log.debug("Detail");
  }
  log.warn("Kept out");
  log.reportRepeated(true);
  assertEquals(lines, ["INFO: Normal", "DEBUG: Detail", "INFO: Normal", "DEBUG: Detail", "WARN: Kept out"]);
});

Deno.test("createLog() accounts for every problem, however many distinct ones there are", () => {
  const seed = Date.now();
  const steps = fc.array(
    fc.record({ problem: fc.nat({ max: 1_500 }), times: fc.nat({ max: 3 }), pass: fc.nat(QUIET) }),
  );
  fc.assert(
    fc.property(steps, (steps) => {
      const { log, lines, pass } = makeBench();
      const happened = new Map<string, number>();
      for (let i = 0; i < 1_200; i++) log.warn(`P${i}`), happened.set(`P${i}`, 1);
      for (const step of steps) {
        for (let i = 0; i < step.times; i++) log.warn(`P${step.problem}`);
        happened.set(`P${step.problem}`, (happened.get(`P${step.problem}`) ?? 0) + step.times);
        pass(step.pass);
      }
      log.reportRepeated(true);
      const logged = new Map<string, number>();
      for (const line of lines) {
        const [, problem, repeated = "1"] = /^WARN: (P\d+)(?: repeated=(\d+))?$/.exec(line)!;
        logged.set(problem!, (logged.get(problem!) ?? 0) + Number(repeated));
      }
      for (const [problem, count] of happened) assertEquals(logged.get(problem) ?? 0, count, problem);
      assert(lines.length >= 1_200);
    }),
    { seed, numRuns: 30 },
  );
});
