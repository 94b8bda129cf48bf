import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createSession, evaluate } from "../../lib/evaluation/mod.ts";
import { compareContexts } from "../../lib/inspection/mod.ts";
import { type JsonValue, parseContext } from "../../lib/model/mod.ts";
import type { Snapshot } from "../../lib/snapshot/mod.ts";
import { makeSnapshot } from "../_environments.ts";
import { runs } from "../_nightly.ts";
import { contexts } from "../evaluation/_contexts.ts";
import { anyEnvironments } from "../evaluation/_generate.ts";
import { mix } from "./_mix.ts";

type Json = Record<string, unknown>;

const FLAG = { version: 3, on: true, variations: ["on", "off"], fallthrough: { variation: 1 } };

Deno.test("compareContexts() counts contexts that get another value", async () => {
  function flags(on: boolean, value: JsonValue): Record<string, Json> {
    return {
      same: {
        on,
        variations: [{ a: [1, 2] }, { a: [1, 2] }],
        fallthrough: { variation: 0 },
        offVariation: 1,
      },
      value: { on: true, variations: [value], fallthrough: { variation: 0 } },
      beta: {
        on: true,
        variations: [true, false],
        fallthrough: { variation: 1 },
        rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 0 }],
      },
    };
  }
  const before = await makeSnapshot("e1", { flags: { ...flags(true, 1), off: {} }, segments: { s: {} } });
  const after = await makeSnapshot("e1", {
    flags: { ...flags(false, 1), gone: FLAG },
    segments: { s: { included: ["k1"] } },
  });
  const users = Array.from({ length: 4 }, (_, i) => parseContext({ kind: "user", key: `k${i}` }));
  // Read from a pipe, contexts come once, for all environments.
  assertEquals(await compareContexts([[before, after], [before, before]], users.values()), [
    {
      contexts: 4,
      changed: 4,
      flags: [{ flag: "beta", changed: 1, of: 4 }, { flag: "gone", changed: 4, of: 4 }],
    },
    { contexts: 4, changed: 0, flags: [] },
  ]);
  assertEquals(await compareContexts([[before, after]], []), [{ contexts: 0, changed: 0, flags: [] }]);
});

async function evaluateAll(snapshot: Snapshot, context: unknown): Promise<Map<string, string>> {
  const session = createSession(await snapshot.compile(() => undefined), parseContext(context));
  const keys = Array.from({ length: 20 }, (_, i) => `f${i}`);
  return new Map(keys.map((key) => [key, JSON.stringify(evaluate(session, key)?.value ?? null)]));
}

Deno.test("compareContexts() counts what evaluating every flag counts", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyEnvironments,
      anyEnvironments,
      fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 30 }),
      fc.array(contexts, { minLength: 1, maxLength: 5 }),
      async (one, other, choices, list) => {
        const before = await makeSnapshot("e1", one);
        const after = await makeSnapshot("e1", mix(one, other, choices), before);
        const counts = new Map<string, number>();
        for (const context of list) {
          const [old, now] = [await evaluateAll(before, context), await evaluateAll(after, context)];
          for (const [key, value] of old) {
            if (now.get(key) !== value) counts.set(key, (counts.get(key) ?? 0) + 1);
          }
        }
        async function* stream() {
          for (const context of list) yield await Promise.resolve(parseContext(context));
        }
        const [comparison] = await compareContexts([[before, after]], stream());
        assertEquals(
          comparison!.flags,
          [...counts].sort().map(([flag, changed]) => ({ flag, changed, of: list.length })),
        );
      },
    ),
    { numRuns: runs(50) },
  );
});
