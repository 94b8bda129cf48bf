import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  createSession,
  evaluate,
  evaluateAll,
  evaluateEachInSlices,
  explain,
  type Reason,
} from "../../lib/evaluation/mod.ts";
import { buildOverlay, parseOverrides } from "../../lib/load/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { Snapshot } from "../../lib/snapshot/mod.ts";
import { type EnvironmentParts, makeSnapshot } from "../_environments.ts";

type Json = Record<string, unknown>;

const CONTEXT = parseContext({ kind: "user", key: "u" });

function noPause(): undefined {}

/** The snapshot of an environment with overrides, which takes over from the one before. */
async function override(base: EnvironmentParts, overrides: Json, previous?: Snapshot): Promise<Snapshot> {
  const file = new TextEncoder().encode(JSON.stringify({ environments: { e1: overrides } }));
  const parsed = (await parseOverrides(file, "o.json", noPause)).get("e1")!;
  return Snapshot.from(await buildOverlay(await makeSnapshot("e1", base), parsed, noPause), previous);
}

async function reasons(snapshot: Snapshot): Promise<Record<string, Reason>> {
  const environment = await snapshot.compile(noPause);
  const slices = evaluateEachInSlices(environment, CONTEXT, "server");
  let slice = slices.next();
  while (!slice.done) slice = slices.next();
  return Object.fromEntries(slice.value.map(({ flag, reason }) => [flag.key, reason]));
}

/** Keys of the flags whose reason says that overrides affect them. */
async function affected(snapshot: Snapshot): Promise<string[]> {
  return Object.entries(await reasons(snapshot)).filter(([, reason]) => reason.overrideAffected)
    .map(([key]) => key);
}

const ON = { on: true, variations: [false, true], fallthrough: { variation: 1 }, offVariation: 0 };
const OFF = { ...ON, on: false };

function needs(...keys: string[]): Json {
  return { ...ON, prerequisites: keys.map((key) => ({ key, variation: 1 })) };
}

function asks(...segments: string[]): Json {
  return { ...ON, rules: [{ variation: 0, clauses: [{ op: "segmentMatch", values: segments }] }] };
}

Deno.test("a reason says overrideAffected for an overridden flag, and for those that reach one by prerequisites at any depth", async () => {
  const flags = { a: ON, b: needs("a"), c: needs("other", "b"), other: OFF, d: { ...needs("a"), on: false } };
  assertEquals(await affected(await makeSnapshot("e1", { flags })), []);
  // c is not evaluated as far as b, and d is off: it counts what is reached, not what is asked.
  assertEquals(await affected(await override({ flags }, { flagValues: { a: false } })), ["a", "b", "c", "d"]);
  assertEquals(await affected(await override({ flags }, { flags: { c: OFF } })), ["c"]);
});

Deno.test("a reason says overrideAffected for flags that reach an overridden segment, through segments too", async () => {
  const parts = {
    flags: { a: asks("s"), b: asks("t"), c: needs("a"), d: asks("u") },
    segments: { s: { rules: [{ clauses: [{ op: "segmentMatch", values: ["t"] }] }] }, t: {}, u: {} },
  };
  assertEquals(await affected(await override(parts, { segments: { t: { included: ["u"] } } })), [
    "a",
    "b",
    "c",
  ]);
  assertEquals(await affected(await override(parts, { segments: { u: {} } })), ["d"]);
  // Of a segment that the archive does not have, or one that is deleted.
  const missing = { flags: { a: asks("new"), b: needs("gone"), gone: ON } };
  assertEquals(await affected(await override(missing, { segments: { new: {} } })), ["a"]);
  assertEquals(await affected(await override(missing, { flags: { gone: { deleted: true } } })), ["b"]);
});

Deno.test("overrideAffected is in reasons of every kind, and absent elsewhere", async () => {
  const target = { ...ON, targets: [{ variation: 1, values: ["u"] }] };
  const rule = { ...ON, rules: [{ id: "r", variation: 1, clauses: [] }] };
  const unbounded = { ...ON, rules: [{ variation: 1, clauses: [{ op: "segmentMatch", values: ["big"] }] }] };
  const rollout = { kind: "experiment", variations: [{ variation: 0, weight: 100_000 }] };
  const overridden = await override({
    segments: { big: { unbounded: true, generation: 1 } },
    flags: { plain: ON },
  }, {
    flags: {
      off: OFF,
      target,
      rule,
      fallthrough: ON,
      unbounded,
      experiment: { ...ON, fallthrough: { rollout } },
      failed: needs("none"),
    },
  });
  const { plain, ...others } = await reasons(overridden);
  assertEquals(plain, { kind: "FALLTHROUGH" });
  assertEquals(
    others,
    {
      experiment: { kind: "FALLTHROUGH", inExperiment: true, overrideAffected: true },
      failed: { kind: "PREREQUISITE_FAILED", prerequisiteKey: "none", overrideAffected: true },
      fallthrough: { kind: "FALLTHROUGH", overrideAffected: true },
      off: { kind: "OFF", overrideAffected: true },
      rule: { kind: "RULE_MATCH", ruleIndex: 0, ruleId: "r", overrideAffected: true },
      target: { kind: "TARGET_MATCH", overrideAffected: true },
      unbounded: { kind: "FALLTHROUGH", overrideAffected: true, bigSegmentsStatus: "NOT_CONFIGURED" },
    },
  );
});

Deno.test("overrideAffected is in reasons of errors too", async () => {
  const bad = { ...ON, fallthrough: { variation: 9 } };
  const flags = {
    bad,
    needsBad: needs("bad", "x"),
    cycle: needs("back"),
    back: needs("cycle"),
    x: ON,
    chain: needs("cycle"),
  };
  const overridden = await override({ flags }, { flags: { x: OFF, back: needs("cycle") } });
  const all = await reasons(overridden);
  assertEquals(all["bad"], { kind: "ERROR", errorKind: "MALFORMED_FLAG" });
  for (const key of ["cycle", "back", "chain"]) {
    assertEquals(all[key], { kind: "ERROR", errorKind: "MALFORMED_FLAG", overrideAffected: true }, key);
  }
});

Deno.test("texts with reasons follow overrides that come and go over compiled flags, those without keep what they had", async () => {
  const flags = { a: ON, b: needs("a"), c: ON };
  const base = await makeSnapshot("e1", { flags });
  function write(withReasons: boolean) {
    return async (snapshot: Snapshot) =>
      JSON.parse(evaluateAll(await snapshot.compile(noPause), CONTEXT, { audience: "server", withReasons }));
  }
  const before = await write(true)(base);
  const same = { ...ON, version: 1 };
  const overlaid = await override({ flags }, { flags: { a: same } }, base);
  const during = await write(true)(overlaid);
  assertEquals([during.a.reason, during.b.reason, during.c.reason], [
    { kind: "FALLTHROUGH", overrideAffected: true },
    { kind: "FALLTHROUGH", overrideAffected: true },
    { kind: "FALLTHROUGH" },
  ]);
  assertEquals((await write(false)(overlaid)).b, (await write(false)(base)).b);
  // b has the same digest in all three.
  const after = await makeSnapshot("e1", { flags }, overlaid);
  assertEquals(await write(true)(after), before);
});

Deno.test("explain() says what comes from overrides: the flag, a prerequisite, a segment, those that they delete too", async () => {
  const parts = {
    flags: { a: { ...needs("b", "gone"), rules: asks("s", "t")["rules"] as Json[] }, b: ON, gone: ON },
    segments: { s: {}, t: {} },
  };
  const overridden = await override(parts, {
    flagValues: { b: true },
    flags: { gone: { deleted: true } },
    segments: { t: {} },
  });
  const session = createSession(await overridden.compile(noPause), CONTEXT);
  const trace = explain(session, "a")!;
  assertEquals(trace.isOverridden, undefined);
  const marks = trace.steps.map((step) =>
    step.type === "prerequisite"
      ? [step.key, step.isOverridden, step.trace?.isOverridden]
      : step.type === "rule"
      ? step.clauses[0]!.segments!.map(({ key, isOverridden }) => [key, isOverridden])
      : step.type
  );
  assertEquals(marks, [
    "on",
    ["b", true, true],
    ["gone", true, undefined],
    [["s", undefined], ["t", true]],
    "fallthrough",
  ]);
  assertEquals(explain(session, "b")!.isOverridden, true);
});

/** Flags and segments that refer to each other at random. */
const KEYS = ["a", "b", "c", "d"];
const keys = fc.subarray(KEYS, { maxLength: 2 });
const flag = fc.record({ on: fc.boolean(), keys, segments: keys });
const segment = fc.record({ segments: keys });
const parts = fc.record({
  flags: fc.dictionary(fc.constantFrom(...KEYS), flag),
  segments: fc.dictionary(fc.constantFrom(...KEYS), segment),
});
const overriddenKeys = fc.record({ flags: fc.subarray(KEYS), segments: fc.subarray(KEYS) });

Deno.test("overrideAffected is right for flags and segments of any shape, cycles too", async () => {
  await fc.assert(
    fc.asyncProperty(parts, overriddenKeys, async ({ flags, segments }, { flags: values, segments: own }) => {
      const base: EnvironmentParts = {
        flags: Object.fromEntries(
          Object.entries(flags).map(([key, { on, keys, segments }]) => [key, {
            ...needs(...keys),
            rules: asks(...segments)["rules"],
            on,
          }]),
        ),
        segments: Object.fromEntries(
          Object.entries(segments).map(([key, { segments }]) => [key, {
            rules: [{ clauses: [{ op: "segmentMatch", values: segments }] }],
          }]),
        ),
      };
      const snapshot = await override(base, {
        flagValues: Object.fromEntries(values.map((key) => [key, true])),
        segments: Object.fromEntries(own.map((key) => [key, {}])),
      });
      function reachesSegment(key: string, seen = new Set<string>()): boolean {
        if (own.includes(key)) return true;
        if (seen.has(key) || !segments[key]) return false;
        seen.add(key);
        return segments[key].segments.some((other) => reachesSegment(other, seen));
      }
      function reaches(key: string, seen = new Set<string>()): boolean {
        if (values.includes(key)) return true;
        if (seen.has(key) || !flags[key]) return false;
        seen.add(key);
        return flags[key].segments.some((other) => reachesSegment(other)) ||
          flags[key].keys.some((other) => reaches(other, seen));
      }
      const environment = await snapshot.compile(noPause);
      const session = createSession(environment, CONTEXT);
      for (const key of new Set([...Object.keys(flags), ...values])) {
        assertEquals(evaluate(session, key)!.reason.overrideAffected ?? false, reaches(key), key);
      }
    }),
  );
});
