import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseContext } from "../../lib/model/mod.ts";
import { Evaluations } from "../../lib/routes/mod.ts";
import { makeLog, makeSnapshot, makeStore } from "../_environments.ts";
import { RecordingMeter } from "../_meter.ts";
import { makeRelay, relayTest } from "../http/_relay.ts";

const CLIENT = { clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } };
const RELOADED = "event: put";

function flag(op: string, values: unknown[]) {
  return {
    ...CLIENT,
    on: true,
    variations: ["no", "yes"],
    fallthrough: { variation: 0 },
    rules: [{ clauses: [{ attribute: "x", op, values }], variation: 1 }],
  };
}

function report(x: unknown): RequestInit {
  return {
    method: "REPORT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind: "user", key: "u", x }),
  };
}

/** A pattern that takes too many steps over a text of 1,000 characters, and few over a short one. */
const COSTLY = flag("matches", ["^(a?){400}a{400}$"]);
const COSTLY_TEXT = "a".repeat(1_000);

/** So many patterns that an array of 9,000 texts takes more steps than a context may. */
const ENDLESS = flag("matches", Array.from({ length: 100 }, (_, i) => `^b{1000}${i}`));
const ENDLESS_TEXTS = Array.from({ length: 9_000 }, () => "");

relayTest(
  "/sdk/evalx says ERROR for a flag that reaches a limit, logs it once and counts it",
  async ({ fetch, log }) => {
    for (let i = 0; i < 3; i++) {
      const response = await fetch("/sdk/evalx/e1/context?withReasons=true", report(COSTLY_TEXT));
      assertEquals(response.status, 200);
      const { costly, plain } = await response.json();
      assertEquals(costly, {
        value: null,
        variation: null,
        version: 1,
        reason: { kind: "ERROR", errorKind: "EXCEPTION" },
      });
      assertEquals(plain.value, "no");
    }
    const warnings = log.lines.filter((line) => line.startsWith("warn: "));
    assertEquals(warnings, [
      "warn: An evaluation has reached a limit; further ones are counted in /status environment=e1 " +
      String.raw`error="Cannot evaluate flag \"costly\": it takes too many steps, or is nested too deep" ` +
      'hint="look for a pattern or a list in a flag that is far too long, or a context that is"',
    ]);
    const status = await (await fetch("/status")).json();
    assertEquals(status.environments.e1.evaluationLimitsReached, 3);
  },
  { flags: { costly: COSTLY, plain: flag("in", ["b"]) } },
);

relayTest("routes with a context answer 503 as a whole when it takes too many steps", async (relay) => {
  for (const path of ["/sdk/evalx/e1/context", "/eval/e1"]) {
    const response = await relay.fetch(path, report(ENDLESS_TEXTS));
    assertEquals(response.status, 503);
    assertStringIncludes(
      await response.text(),
      "Cannot evaluate flags: for this context they take more than",
    );
  }
  assertEquals(relay.delivery.size, 0);
  assertEquals(relay.log.lines.filter((line) => line.startsWith("warn: ")).length, 1);
  assertEquals((await relay.fetch("/sdk/evalx/e1/context", report("b"))).status, 200);
}, { flags: { endless: ENDLESS } });

Deno.test("a stream is closed when a reload makes its context take too many steps, and others are not", async () => {
  const store = await makeStore({ e1: { flags: { f: flag("in", ["b"]) } } });
  const { fetch, delivery, log } = makeRelay(store);
  const hostile = (await fetch("/eval/e1", report(ENDLESS_TEXTS))).body!.getReader();
  const other = (await fetch("/eval/e1", report("b"))).body!.getReader();
  for (const reader of [hostile, other]) assertStringIncludes(await readText(reader), RELOADED);
  const snapshot = await makeSnapshot("e1", { flags: { f: { ...ENDLESS, version: 2 } } });
  store.replace([{ id: "e1", snapshot }]);
  const updated = delivery.update();
  assertEquals((await hostile.read()).done, true);
  assertStringIncludes(await readText(other), '"f"');
  await updated;
  assertEquals(delivery.size, 1);
  assertEquals(log.lines.filter((line) => line.startsWith("error: ")), []);
  await other.cancel();
  await delivery.close();
});

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value);
}

relayTest("an evaluation that takes many slices is overtaken by one that takes few", async ({ fetch }) => {
  const texts = Array.from({ length: 9_000 }, (_, i) => `${i}`.padEnd(90, "x"));
  const order: string[] = [];
  async function ask(name: string, x: unknown): Promise<void> {
    const response = await fetch("/sdk/evalx/e1/context", report(x));
    assertEquals(response.status, 200);
    order.push(name);
  }
  // With connections that are open already, the short ones come while the long one is under way.
  await Promise.all([ask("first", "b"), ask("first", "b"), ask("first", "b")]);
  order.length = 0;
  const long = ask("long", texts);
  await new Promise((resolve) => setTimeout(resolve));
  await Promise.all([long, ask("short", "b"), ask("short", ["c"])]);
  assertEquals(order, ["short", "short", "long"]);
}, { flags: { f: flag("contains", Array.from({ length: 100 }, (_, i) => `no${i}`)) } });

Deno.test("what is under way counts towards the maximum, and evaluations of all flags are timed", async () => {
  const snapshot = await makeSnapshot("e1", { flags: { f: flag("in", ["b"]) } });
  const context = parseContext({ kind: "user", key: "u" });
  type Work = (evaluations: Evaluations, turn: () => Promise<void>) => Promise<unknown>;
  const works: [timed: number, Work][] = [
    [2000, (evaluations, turn) => evaluations.evaluateEach(snapshot, context, "server", turn)],
    [
      0,
      (evaluations, turn) =>
        evaluations.evaluateOne(snapshot, context, { key: "f", audience: "server", turn }),
    ],
  ];
  for (const [timed, work] of works) {
    const meter = new RecordingMeter();
    const evaluations = new Evaluations(makeLog(), undefined, meter);
    const { promise, resolve } = Promise.withResolvers<void>();
    const underWay: Promise<unknown>[] = [];
    while (!evaluations.isFull && underWay.length < 3000) underWay.push(work(evaluations, () => promise));
    assertEquals(underWay.length, 2000);
    resolve();
    await Promise.all(underWay);
    assertEquals(evaluations.isFull, false);
    assertEquals(meter.series["halyard_evaluation_duration_seconds_count"], timed);
  }
});
