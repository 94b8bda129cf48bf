import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createSession, evaluate, explain } from "../../lib/evaluation/mod.ts";
import { describeTrace, type ExplanationLine } from "../../lib/inspection/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { compile, type Json, type RawData } from "../evaluation/_environment.ts";
import { explainFlag } from "../evaluation/_explain.ts";

const ANN = { kind: "user", key: "ann", country: "DE", age: 3.5 };

/** Lines of the flag `flag`: step, question, answer, verdict. */
function describe(
  flag: Json,
  { context = ANN as unknown, ...rest }: RawData & { context?: unknown } = {},
): string[] {
  const trace = explainFlag({ ...rest, flags: { ...rest.flags, flag } }, context);
  return describeTrace(trace).map(format);
}

function format({ depth, step, question, answer, verdict }: ExplanationLine): string {
  return `${"  ".repeat(depth)}${[step, question, answer, verdict].filter(Boolean).join(" | ")}`;
}

function rollout(weights: number[], parts: Json = {}): Json {
  const variations = weights.map((weight, variation) => ({ variation, weight }));
  return { fallthrough: { rollout: { variations, ...parts } } };
}

function lastLines(lines: readonly string[], count: number): string[] {
  return lines.slice(-count).map((line) => line.trim().replace(/bucket [\d.]+/, "bucket"));
}

Deno.test("describeTrace() shows the ranges that the evaluator serves where weights do not add up", () => {
  const over = lastLines(describe(rollout([60_000, 60_000, 10_000], { seed: 1 })), 3);
  assertEquals(over.map((line) => /[\d.]+–[\d.]+/.exec(line)![0]), [
    "0.00000–0.60000",
    "0.60000–1.00000",
    "1.00000–1.00000",
  ]);
  const [first, last] = lastLines(describe(rollout([1, 1])), 2);
  assert(first!.endsWith("no"));
  assertEquals(last, '0.00001–1.00000 by user.key SERVE "b" | bucket | yes');
});

Deno.test("describeTrace() says what a rollout hashes, and why that is nothing", () => {
  const parts = { bucketBy: "/address/city", contextKind: "user" };
  const context = { ...ANN, address: { city: "Berlin" } };
  assertEquals(lastLines(describe(rollout([100_000], parts), { context }), 1), [
    'rollout | 0.00000–1.00000 by user.address.city SERVE "a" | bucket: actual "Berlin" | yes',
  ]);
  assertEquals(lastLines(describe(rollout([100_000], parts)), 1), [
    'rollout | 0.00000–1.00000 by user.address.city SERVE "a" | bucket: absent | yes',
  ]);
  assertEquals(lastLines(describe(rollout([100_000], { bucketBy: "age" })), 1), [
    'rollout | 0.00000–1.00000 by user.age SERVE "a" | bucket: actual 3.5 is no string or integer | yes',
  ]);
  assertEquals(lastLines(describe(rollout([100_000], { kind: "experiment", contextKind: "org" })), 1), [
    'experiment | 0.00000–1.00000 by org.key SERVE "a" | bucket: absent; not part of the experiment | yes',
  ]);
  assertEquals(lastLines(describe(rollout([100_000], { bucketBy: "//", contextKind: "org" })), 1), [
    'rollout | 0.00000–1.00000 by org."//" (malformed) SERVE "a" | error',
  ]);
});

Deno.test("describeTrace() says why a rule of a segment that matches includes nobody", () => {
  const rules = [{ clauses: [], weight: 100_000, rolloutContextKind: "org" }, { clauses: [], weight: 0 }];
  const flag = { rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 1 }] };
  const lines = describe(flag, { segments: { s: { rules } } });
  assertEquals(
    lines.filter((line) => line.includes("share")).map((line) => line.trim().replace(/[\d.]+ \|/, "|")),
    [
      "share | 100% by org.key | org.key absent | no",
      "share | 0% by user.key | bucket | no",
    ],
  );
});

Deno.test("describeTrace() marks all of what was not reached", () => {
  const never = [{ clauses: [], variation: 0 }, { clauses: [], variation: 1 }];
  const lines = describe({ on: false, rules: never, prerequisites: [{ key: "nowhere", variation: 0 }] });
  assertEquals(lines.slice(1).filter((line) => !line.endsWith("not reached")), []);
});

Deno.test("describeTrace() names a missing prerequisite's variation by its number", () => {
  assertEquals(
    describe({ prerequisites: [{ key: "nowhere", variation: 2 }] })[1],
    "prerequisite | nowhere = variation 2 | there is no such flag | no",
  );
});

Deno.test("describeTrace() marks the one range in which the bucket is", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 5 }),
    fc.string({ minLength: 1 }),
    (weights, key) => {
      const variations = weights.map((_, i) => `v${i}`);
      const environment = compile({ flags: { flag: { variations, ...rollout(weights) } } });
      const session = createSession(environment, parseContext({ kind: "user", key }));
      const lines = describeTrace(explain(session, "flag")!).slice(-weights.length);
      const [chosen, ...others] = lines.filter(({ verdict }) => verdict === "yes");
      assertEquals(others, []);
      const [from, to] = chosen!.question.match(/[\d.]+/g)!.map(Number);
      const bucket = Number(chosen!.answer.match(/[\d.]+/)![0]);
      assert(bucket >= from! && bucket <= to!, `${chosen!.question} ${chosen!.answer}`);
      assert(chosen!.question.endsWith(JSON.stringify(evaluate(session, "flag")!.value)));
    },
  ));
});
