import { assertEquals } from "@std/assert";
import fc from "fast-check";

import type { ItemKind, Snapshot } from "../../lib/snapshot/mod.ts";
import { makeSnapshot } from "../_environments.ts";
import { anyEnvironments, type GeneratedEnvironment } from "../evaluation/_generate.ts";
import { findDependencies } from "./_at_once.ts";

function item(flags: string[] = [], segments: string[] = []): Record<string, unknown> {
  return {
    prerequisites: flags.map((key) => ({ key })),
    rules: segments.map((key) => ({ clauses: [{ op: "segmentMatch", values: [key, 3] }] })),
  };
}

function makeChain(): Promise<Snapshot> {
  return makeSnapshot("e1", {
    flags: {
      top: item(["middle", "bottom", "gone", "none"], ["none"]),
      middle: item(["bottom", "bottom"], ["outer"]),
      bottom: item(["none"], ["outer"]),
      gone: { deleted: true },
      alone: {},
    },
    segments: { outer: item([], ["inner"]), inner: {} },
  });
}

Deno.test("findDependencies() lists what a flag needs, directly and through others, and what is missing", async () => {
  assertEquals(findDependencies(await makeChain(), "flags", "top"), {
    dependsOn: {
      flags: ["bottom", "middle"],
      segments: [],
      indirect: { flags: [], segments: ["inner", "outer"] },
      missing: [
        { kind: "flags", key: "gone" },
        { kind: "flags", key: "none" },
        { kind: "segments", key: "none" },
      ],
    },
    dependents: { flags: [], segments: [], indirect: { flags: [], segments: [] } },
  });
});

Deno.test("findDependencies() lists what needs a segment, directly and through others", async () => {
  assertEquals(findDependencies(await makeChain(), "segments", "inner")?.dependents, {
    flags: [],
    segments: ["outer"],
    indirect: { flags: ["bottom", "middle", "top"], segments: [] },
  });
});

Deno.test("findDependencies() lists the item itself where it is in a cycle", async () => {
  const snapshot = await makeSnapshot("e1", { flags: { a: item(["b"]), b: item(["a"]), c: item(["c"]) } });
  assertEquals(findDependencies(snapshot, "flags", "a")?.dependsOn, {
    flags: ["b"],
    segments: [],
    indirect: { flags: ["a"], segments: [] },
    missing: [],
  });
  assertEquals(findDependencies(snapshot, "flags", "c")?.dependents.flags, ["c"]);
});

Deno.test("findDependencies() finds no item that does not exist or is deleted", async () => {
  const snapshot = await makeChain();
  for (const key of ["none", "gone", "inner"]) {
    assertEquals(findDependencies(snapshot, "flags", key), undefined);
  }
});

type Edge = [from: string, to: string];

/** References of all items as `kind/key`, found in the JSON. */
function listEdges({ flags, segments }: GeneratedEnvironment): Edge[] {
  // deno-lint-ignore no-explicit-any
  function edges(kind: ItemKind, one: any): Edge[] {
    const keys = [
      ...(one.prerequisites ?? []).map(({ key }: { key: string }) => `flags/${key}`),
      // deno-lint-ignore no-explicit-any
      ...(one.rules ?? []).flatMap((rule: any) => rule.clauses ?? [])
        // deno-lint-ignore no-explicit-any
        .filter(({ op }: any) => op === "segmentMatch").flatMap(({ values }: any) => values)
        .filter((value: unknown) => typeof value === "string").map((key: string) => `segments/${key}`),
    ];
    return keys.map((key) => [`${kind}/${one.key}`, key]);
  }
  return [
    ...Object.values(flags).flatMap((flag) => edges("flags", flag)),
    ...Object.values(segments).flatMap((segment) => edges("segments", segment)),
  ];
}

Deno.test("findDependencies() agrees with a walk over the JSON", async () => {
  await fc.assert(
    fc.asyncProperty(anyEnvironments, async (environment) => {
      const snapshot = await makeSnapshot("e1", environment);
      const edges = listEdges(environment);
      for (const [kind, items] of Object.entries(environment) as [ItemKind, Record<string, unknown>][]) {
        for (const key of Object.keys(items)) {
          const found = findDependencies(snapshot, kind, key);
          if (!found) continue;
          for (const [neighbours, from, to] of [[found.dependsOn, 0, 1], [found.dependents, 1, 0]] as const) {
            const reached = new Set([`${kind}/${key}`]);
            const all = new Set<string>();
            for (const one of reached) {
              for (const edge of edges) {
                if (edge[from] !== one || edge[to].endsWith("-deleted") || edge[to].includes("no-such")) {
                  continue;
                }
                reached.add(edge[to]);
                all.add(edge[to]);
              }
            }
            const listed = [neighbours, neighbours.indirect].flatMap(({ flags, segments }) => [
              ...flags.map((key) => `flags/${key}`),
              ...segments.map((key) => `segments/${key}`),
            ]);
            assertEquals(listed.sort(), [...all].sort());
          }
        }
      }
    }),
    { numRuns: 20 },
  );
});
