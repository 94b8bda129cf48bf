import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import {
  compileEnvironment,
  createSession,
  evaluate,
  type Fault,
  findCycles,
  listFaults,
  listSegmentFaults,
} from "../../lib/evaluation/mod.ts";
import { type Flag, parseContext, parseFlag, parseSegment, type Segment } from "../../lib/model/mod.ts";
import { runs } from "../_nightly.ts";
import { contexts } from "./_contexts.ts";
import { complete, evaluateFlag, type Json } from "./_environment.ts";
import { anyEnvironments, type GeneratedEnvironment } from "./_generate.ts";

const USER = { kind: "user", key: "alice" };

function format(faults: Fault[]): string[] {
  return faults.map(({ path, problem }) => `"${path}" ${problem}`);
}

function faultsOf(flag: Json): string[] {
  return format(listFaults(parseFlag(complete({ flags: { flag } }).flags.flag, "flag")));
}

/** Parts of a flag with the variations "a", "b" and "c", its one fault, and a context that meets it. */
const FAULTS: [fault: string, flag: Json, context?: Json][] = [
  [`"fallthrough.variation" is 7, the flag has 3 variations`, { fallthrough: { variation: 7 } }],
  [`"fallthrough.variation" is -1, the flag has 3 variations`, { fallthrough: { variation: -1 } }],
  [`"fallthrough.variation" is 0, the flag has no variations`, { variations: [], offVariation: null }],
  [`"fallthrough.variation" is 1, the flag has 1 variation`, {
    variations: [1],
    fallthrough: { variation: 1 },
  }],
  [`"fallthrough" has neither a variation nor a rollout`, { fallthrough: null }],
  [`"fallthrough.rollout" has no variations`, { fallthrough: { rollout: {} } }],
  [`"offVariation" is 3, the flag has 3 variations`, { on: false, offVariation: 3 }],
  [`"offVariation" is 3, the flag has 3 variations`, { offVariation: 3, prerequisites: [{ key: "none" }] }],
  [`"targets[1].variation" is 4, the flag has 3 variations`, {
    targets: [{ variation: 4, values: [] }, { variation: 4, values: ["alice"] }],
  }],
  [`"contextTargets[0].variation" is 5, the flag has 3 variations`, {
    contextTargets: [{ contextKind: "org", variation: 5, values: ["acme"] }],
  }, { kind: "org", key: "acme" }],
  [`"contextTargets[0].variation" is 4, the flag has 3 variations`, {
    targets: [{ variation: 4, values: ["alice"] }],
    contextTargets: [{ contextKind: "user", variation: 4 }],
  }],
  [`"rules[1].variation" is 9, the flag has 3 variations`, {
    rules: [{ clauses: [{ attribute: "key", op: "in", values: ["bob"] }], variation: 0 }, { variation: 9 }],
  }],
  [`"rules[0]" has neither a variation nor a rollout`, { rules: [{ clauses: [] }] }],
  [`"rules[0].rollout" has no variations`, { rules: [{ rollout: { variations: [] } }] }],
  [`"rules[0].rollout.variations[1].variation" is 3, the flag has 3 variations`, {
    rules: [{ rollout: { variations: [{ variation: 8, weight: 0 }, { variation: 3, weight: 100_000 }] } }],
  }],
  [`"fallthrough.rollout.variations[0].variation" is 3, the flag has 3 variations`, {
    fallthrough: { rollout: { kind: "experiment", bucketBy: "/", variations: [{ variation: 3 }] } },
  }],
  [`"fallthrough.rollout.bucketBy" is "/a//b", not an attribute reference`, {
    fallthrough: {
      rollout: { contextKind: "user", bucketBy: "/a//b", variations: [{ variation: 0, weight: 100_000 }] },
    },
  }],
  [`"rules[0].clauses[0].attribute" is "/~2", not an attribute reference`, {
    rules: [{ clauses: [{ contextKind: "user", attribute: "/~2", op: "nonsense" }], variation: 0 }],
  }],
  [`"rules[0].clauses[1].attribute" is missing`, {
    rules: [{ clauses: [{ op: "segmentMatch", negate: true }, { op: "in" }], variation: 0 }],
  }],
];

for (const [fault, flag, context = USER] of FAULTS) {
  Deno.test(`listFaults() lists ${fault} of ${JSON.stringify(flag)}, which gets MALFORMED_FLAG`, () => {
    assertEquals(faultsOf(flag), [fault]);
    assertEquals(evaluateFlag({ flags: { flag } }, context).reason.errorKind, "MALFORMED_FLAG");
  });
}

const SOUND: [name: string, flag: Json][] = [
  ["a tombstone", { deleted: true, fallthrough: null }],
  ["what a flag that is off would serve", { on: false, fallthrough: null, rules: [{}] }],
  ["an off variation that is never served", { offVariation: 9 }],
  ["what is behind a rule without clauses", { rules: [{ variation: 0 }, {}], fallthrough: null }],
  ["user targets that contextTargets leaves out", {
    targets: [{ variation: 9, values: ["alice"] }],
    contextTargets: [{ contextKind: "org", variation: 0, values: ["acme"] }],
  }],
  ["a path without a context kind", {
    rules: [{ clauses: [{ attribute: "//", op: "in" }], variation: 0 }],
  }],
];

for (const [name, flag] of SOUND) {
  Deno.test(`listFaults() says nothing about ${name}`, () => assertEquals(faultsOf(flag), []));
}

Deno.test("listFaults() lists ten faults at most, and quotes the beginning of a long value", () => {
  const clause = { contextKind: "user", attribute: "/".repeat(1000), op: "in" };
  const faults = faultsOf({ rules: [{ clauses: new Array(50).fill(clause), variation: 0 }] });
  assertEquals(faults.length, 10);
  assertEquals(
    faults[9],
    `"rules[0].clauses[9].attribute" is "${"/".repeat(100)}…", not an attribute reference`,
  );
});

const SEGMENT_FAULTS: [fault: string, rule: Json][] = [
  [`"rules[0].clauses[0].attribute" is "/", not an attribute reference`, {
    clauses: [{ contextKind: "user", attribute: "/", op: "in" }],
  }],
  [`"rules[0].bucketBy" is "/a/", not an attribute reference`, {
    rolloutContextKind: "user",
    bucketBy: "/a/",
    weight: 0,
  }],
];

for (const [fault, rule] of SEGMENT_FAULTS) {
  Deno.test(`listSegmentFaults() lists ${fault}, for which flags get MALFORMED_FLAG`, () => {
    const segment = { key: "s", version: 1, rules: [rule] };
    assertEquals(format(listSegmentFaults(segment)), [fault]);
    const flag = { rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 0 }] };
    const { reason } = evaluateFlag({ flags: { flag }, segments: { s: segment } }, USER);
    assertEquals(reason.errorKind, "MALFORMED_FLAG");
    assertEquals(listSegmentFaults({ ...segment, unbounded: true }), []);
    assertEquals(format(listSegmentFaults({ ...segment, unbounded: true, generation: 1 })), [fault]);
    assertEquals(listSegmentFaults({ ...segment, deleted: true }), []);
    assertEquals(listSegmentFaults({ ...segment, rules: [{}, rule] }), []);
  });
}

Deno.test("findCycles() finds each cycle once, with its members alone", () => {
  assertEquals(findCycles([[1], [2], [0, 3], [4], [4], [6], [], [8], [7, 2]]), [[4], [0, 1, 2], [7, 8]]);
  assertEquals(findCycles([[1, 2], [2], []]), []);
});

const CYCLIC_CHAIN = 200_000;

Deno.test("findCycles() follows a cycle longer than the stack is deep", () => {
  const chain = Array.from({ length: CYCLIC_CHAIN }, (_, i) => [(i + 1) % CYCLIC_CHAIN]);
  assertEquals(findCycles(chain)[0]!.length, CYCLIC_CHAIN);
});

/** Segments that make no flag malformed: without faults and in no cycle. */
function listSoundSegments(segments: GeneratedEnvironment["segments"]): [string, Segment][] {
  const sound = Object.entries(segments)
    .map(([key, value]): [string, Segment] => [key, parseSegment(value, key)])
    .filter(([, segment]) => listSegmentFaults(segment).length === 0);
  const keys = sound.map(([key]) => key);
  const dependencies = sound.map(([, { rules }]) =>
    (rules ?? []).flatMap(({ clauses }) => clauses ?? []).flatMap(({ op, values }) =>
      op === "segmentMatch" ? (values ?? []).map((key) => keys.indexOf(`${key}`)).filter((i) => i >= 0) : []
    )
  );
  const cyclic = new Set(findCycles(dependencies).flat());
  return sound.filter((_, i) => !cyclic.has(i));
}

Deno.test("A flag without listed faults never gives MALFORMED_FLAG by itself", () => {
  let malformed = 0;
  const property = fc.property(
    anyEnvironments,
    fc.array(contexts, { minLength: 10, maxLength: 10 }),
    ({ flags, segments }, contexts) => {
      const sound = new Map(
        listSoundSegments(segments).map(([key, value]) => [key, { value, text: JSON.stringify(value) }]),
      );
      // Alone, prerequisites are not met: without them, what comes after them has its turn. One on itself is a cycle.
      const all = (Object.values(flags) as unknown as Flag[]).flatMap((flag) => [
        { ...flag, prerequisites: (flag.prerequisites ?? []).filter(({ key }) => key !== flag.key) },
        { ...flag, prerequisites: [] },
      ]);
      for (const value of all) {
        const item = { value: parseFlag(value, value.key), text: JSON.stringify(value) };
        const environment = compileEnvironment({ flags: new Map([[value.key, item]]), segments: sound });
        const faults = listFaults(value);
        for (const context of contexts) {
          const evaluation = evaluate(createSession(environment, parseContext(context)), value.key);
          if (evaluation?.reason.errorKind !== "MALFORMED_FLAG") continue;
          malformed++;
          assertGreater(faults.length, 0, JSON.stringify({ value, segments, context }));
        }
      }
    },
  );
  fc.assert(property, { numRuns: runs(20) });
  assertGreater(malformed, 0);
});
