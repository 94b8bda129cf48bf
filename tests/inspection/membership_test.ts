import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createSession, explain, type SegmentTrace } from "../../lib/evaluation/mod.ts";
import { describeMembership, explainMembership } from "../../lib/inspection/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { makeSnapshot } from "../_environments.ts";
import { runs } from "../_nightly.ts";
import { anyContexts } from "../evaluation/_contexts.ts";
import { compile } from "../evaluation/_environment.ts";
import { anyEnvironments, environments } from "../evaluation/_generate.ts";

/** What a flag of the whole environment is told of a segment. */
function explainByFlag(
  { flags, segments = {} }: Parameters<typeof compile>[0],
  key: string,
  context: unknown,
) {
  const asking = {
    on: true,
    variations: [true],
    rules: [{ clauses: [{ op: "segmentMatch", values: [key] }], variation: 0 }],
  };
  const session = createSession(compile({ flags: { ...flags, asking }, segments }), parseContext(context));
  const rule = explain(session, "asking")!.steps.find(({ type }) => type === "rule");
  return (rule as unknown as { clauses: { segments: SegmentTrace[] }[] }).clauses[0]!.segments[0];
}

Deno.test("explainMembership() comes to what a flag of the environment is told of the segment", async () => {
  let members = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(environments, anyEnvironments), anyContexts, async (environment, context) => {
      const snapshot = await makeSnapshot("e1", environment);
      for (const [key, { deleted }] of Object.entries(environment.segments)) {
        if (deleted) continue;
        const trace = await explainMembership(snapshot, key, parseContext(context), () => undefined);
        assertEquals(trace, explainByFlag(environment, key, context));
        if (trace!.verdict === "yes") members++;
      }
    }),
    { numRuns: runs(100) },
  );
  assertEquals(members > 10, true);
});

Deno.test("explainMembership() never says no of who may be listed in a big segment, and nothing of no segment", async () => {
  const big = { unbounded: true, generation: 1, rules: [] };
  const snapshot = await makeSnapshot("e1", { segments: { big, gone: { deleted: true } } });
  const ann = parseContext({ kind: "user", key: "ann" });
  const trace = await explainMembership(snapshot, "big", ann, () => undefined);
  assertEquals([trace!.by, trace!.membersUnknown], ["big segment", true]);
  assertEquals(describeMembership(trace!), [{
    depth: 0,
    step: "segment",
    question: "big",
    answer: "no rule matches; members of a big segment are unknown offline",
    verdict: trace!.verdict,
  }]);
  for (const key of ["gone", "none"]) {
    assertEquals(await explainMembership(snapshot, key, ann, () => undefined), undefined);
  }
});
