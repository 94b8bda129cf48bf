import { readArchive } from "../archive/_environments.ts";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";

import type { Clause, Environment, Flag, Rollout, Segment } from "../../lib/model/mod.ts";
import { buildDemo } from "../../tools/demo_archive.ts";

const bytes = await buildDemo(new URL("../../examples/", import.meta.url));
const { environments: loaded } = await readArchive(bytes, { path: "dist/demo.tar.gz" });
const environments = loaded.map((one): Environment => {
  assert("environment" in one, "error" in one ? one.error.message : "");
  return one.environment;
});
const flags = environments.flatMap(({ data }) => [...data.flags.values()].map(({ value }) => value));
const segments = environments.flatMap(({ data }) => [...data.segments.values()].map(({ value }) => value));
const clauses = [...flags, ...segments].flatMap(({ rules }) => rules ?? []).flatMap(({ clauses }) =>
  clauses ?? []
);
const rollouts = flags.flatMap(({ rules, fallthrough }) => [...rules ?? [], fallthrough ?? {}])
  .map(({ rollout }) => rollout).filter((rollout) => rollout !== undefined && rollout !== null);
const values = flags.flatMap(({ variations }) => variations ?? []);
const asciiOnly = /^[\x20-\x7e]*$/;

Deno.test("the demo has two projects, three environments, and keys that are plainly not real", () => {
  const names = environments.map(({ metadata }) => `${metadata.projectName} ${metadata.name}`);
  assertEquals(names, ["Line Control Production", "Line Control Test Bench", "Field Service Production"]);
  for (const { metadata } of environments) {
    const { id, sdkKeys, mobileKeys } = metadata;
    assert(/^de30+[1-3]$/.test(id) && id.length === 24);
    for (const { value } of [...sdkKeys, ...mobileKeys]) assert(/^(sdk|mob)-de300000-/.test(value), value);
  }
  assertEquals(environments.map(({ metadata }) => metadata.secureMode), [false, false, true]);
  const [, expiring] = environments[0]!.metadata.sdkKeys;
  assertEquals(expiring?.expiry, Date.UTC(2100, 0, 1));
});

Deno.test("the demo has more than forty flags, and evaluates within the archive alone", () => {
  assertGreaterOrEqual(new Set(flags.map(({ key }) => key)).size, 40);
  for (const { data } of environments) {
    for (const { value } of data.flags.values()) {
      for (const { key } of value.prerequisites ?? []) {
        assert(data.flags.has(key!), `${value.key} needs ${key}`);
      }
    }
    const rules = [...data.flags.values(), ...data.segments.values()].flatMap(({ value }) =>
      value.rules ?? []
    );
    for (const { op, values } of rules.flatMap(({ clauses }) => clauses ?? [])) {
      if (op === "segmentMatch") {
        for (const key of values!) assert(data.segments.has(key as string), `${key}`);
      }
    }
  }
});

const OPERATORS = [
  "in",
  "startsWith",
  "endsWith",
  "matches",
  "contains",
  "lessThan",
  "lessThanOrEqual",
  "greaterThan",
  "greaterThanOrEqual",
  "before",
  "after",
  "segmentMatch",
  "semVerEqual",
  "semVerLessThan",
  "semVerGreaterThan",
];

Deno.test("the demo uses every operator", () => {
  assertEquals([...new Set(clauses.map(({ op }) => op))].sort(), OPERATORS.toSorted());
});

function someFlag(has: (flag: Flag) => unknown): () => boolean {
  return () => flags.some((flag) => flag.deleted !== true && has(flag));
}

function someSegment(has: (segment: Segment) => unknown): () => boolean {
  return () => segments.some((segment) => segment.deleted !== true && has(segment));
}

function someClause(has: (clause: Clause) => unknown): () => boolean {
  return () => clauses.some(has);
}

function someRollout(has: (rollout: Rollout) => unknown): () => boolean {
  return () => rollouts.some(has);
}

const FEATURES: [feature: string, isUsed: () => boolean][] = [
  ["clauses that are negated", someClause(({ negate }) => negate)],
  [
    "clauses without kind",
    someClause(({ contextKind, op }) => contextKind === undefined && op !== "segmentMatch"),
  ],
  ["clauses on other kinds", someClause(({ contextKind }) => contextKind === "machine")],
  ["clauses on the kind", someClause(({ attribute }) => attribute === "kind")],
  ["references to nested attributes", someClause(({ attribute }) => attribute?.startsWith("/"))],
  [
    "plain names with a slash",
    someClause(({ contextKind, attribute }) => !contextKind && attribute?.includes("/")),
  ],
  [
    "dates in milliseconds",
    someClause(({ op, values }) => op === "before" && typeof values![0] === "number"),
  ],
  ["flags that are off", someFlag(({ on }) => on === false)],
  ["flags without off variation", someFlag(({ offVariation }) => offVariation === null)],
  ["prerequisites of prerequisites", () => {
    const needing = new Set(flags.filter(({ prerequisites }) => prerequisites?.length).map(({ key }) => key));
    return flags.some(({ prerequisites }) => prerequisites?.some(({ key }) => needing.has(key!)));
  }],
  ["targets", someFlag(({ targets, contextTargets }) => targets?.length && !contextTargets?.length)],
  [
    "targets of other kinds",
    someFlag(({ contextTargets, targets }) => contextTargets?.length && !targets?.length),
  ],
  [
    "targets whose users are listed elsewhere",
    someFlag(({ targets, contextTargets }) =>
      targets?.length &&
      contextTargets?.some(({ contextKind, values }) => contextKind === "user" && !values?.length)
    ),
  ],
  ["fixed rules", someFlag(({ rules }) => rules?.some(({ variation }) => variation !== undefined))],
  ["rollouts in rules", someFlag(({ rules }) => rules?.some(({ rollout }) => rollout?.kind === "rollout"))],
  ["rollouts for the rest", someFlag(({ fallthrough }) => fallthrough?.rollout?.kind === "rollout")],
  ["rollouts by an attribute", someRollout(({ bucketBy }) => bucketBy && !bucketBy.startsWith("/"))],
  ["rollouts by a nested attribute", someRollout(({ bucketBy }) => bucketBy?.startsWith("/"))],
  ["rollouts by another kind", someRollout(({ contextKind }) => contextKind && contextKind !== "user")],
  [
    "rollouts with a weight of 0",
    someRollout(({ variations }) => variations!.some(({ weight }) => weight === 0)),
  ],
  ["experiments with a seed", someRollout(({ kind, seed }) => kind === "experiment" && seed)],
  ["experiments with the seed 0", someRollout(({ kind, seed }) => kind === "experiment" && seed === 0)],
  ["untracked buckets", someRollout(({ variations }) => variations!.some(({ untracked }) => untracked))],
  ["tracked rules", someFlag(({ rules }) => rules?.some(({ trackEvents }) => trackEvents))],
  ["tracked fallthroughs", someFlag(({ trackEventsFallthrough }) => trackEventsFallthrough)],
  ["tracked flags", someFlag(({ trackEvents }) => trackEvents)],
  ["flags in debugging", someFlag(({ debugEventsUntilDate }) => debugEventsUntilDate)],
  [
    "segments in segments",
    someSegment(({ rules }) =>
      rules?.some(({ clauses }) => clauses?.some(({ op }) => op === "segmentMatch"))
    ),
  ],
  [
    "included and excluded users",
    someSegment(({ included, excluded }) => included?.length && excluded?.length),
  ],
  ["included contexts", someSegment(({ includedContexts }) => includedContexts?.length)],
  ["excluded contexts", someSegment(({ excludedContexts }) => excludedContexts?.length)],
  [
    "weights in segments",
    someSegment(({ rules }) => rules?.some(({ weight, bucketBy }) => weight && !bucketBy)),
  ],
  [
    "weights by an attribute",
    someSegment(({ rules }) => rules?.some(({ weight, bucketBy }) => weight && bucketBy)),
  ],
  ["weights by another kind", someSegment(({ rules }) => rules?.some((rule) => rule.rolloutContextKind))],
  ["big segments", someSegment(({ unbounded, generation }) => unbounded && generation)],
  ["tombstones of flags", () => flags.some(({ deleted }) => deleted)],
  ["tombstones of segments", () => segments.some(({ deleted }) => deleted)],
  ["booleans", () => values.includes(true) && values.includes(false)],
  ["strings", () => values.some((value) => typeof value === "string")],
  ["whole and broken numbers", () => values.includes(100) && values.includes(0.5)],
  ["lists", () => values.some(Array.isArray)],
  [
    "objects",
    () => values.some((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
  ],
  ["null", () => values.includes(null)],
  ["keys beyond ASCII", () => !asciiOnly.test(flags.map(({ key }) => key).join())],
  ["values beyond ASCII", () => values.some((value) => typeof value === "string" && !asciiOnly.test(value))],
  ["context keys beyond ASCII", someFlag(({ targets }) => !asciiOnly.test(JSON.stringify(targets)))],
  ["client-side flags of the old form", someFlag((flag) => flag.clientSide && !flag.clientSideAvailability)],
  ["flags that say nothing of client sides", someFlag(({ clientSide }) => clientSide === undefined)],
  ...[[true, true], [true, false], [false, true], [false, false]].map((
    [mobile, browser],
  ): [string, () => boolean] => [
    `flags ${mobile ? "" : "not "}for mobile and ${browser ? "" : "not "}for browsers`,
    someFlag(({ clientSideAvailability: side }) =>
      side?.usingMobileKey === mobile && side?.usingEnvironmentId === browser
    ),
  ]),
];

for (const [feature, isUsed] of FEATURES) {
  Deno.test(`the demo uses ${feature}`, () => assert(isUsed()));
}

Deno.test("buildDemo() gives the same bytes each time", async () => {
  assertEquals(await buildDemo(new URL("../../examples/", import.meta.url)), bytes);
});
