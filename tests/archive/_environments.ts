import fc from "fast-check";
import { withDefaults } from "./_defaults.ts";
import {
  type ArchiveEnvironment,
  type EnvironmentError,
  type EnvironmentFiles,
  readArchive as readWithoutItems,
  type ReadArchiveOptions,
  readItems,
} from "../../lib/archive/mod.ts";
import { readEnvironment as readMetadata } from "../../lib/archive/environment.ts";
import type {
  Credential,
  Environment,
  EnvironmentMetadata,
  Flag,
  Item,
  JsonValue,
  Segment,
} from "../../lib/model/mod.ts";

/** Writes an environment as LaunchDarkly would; `indent` as for `JSON.stringify`. */
export function toFiles({ metadata, data }: Environment, indent: number | string = 0): EnvironmentFiles {
  const { id, key, name, projectKey, projectName, sdkKeys, mobileKeys, defaultTtl, secureMode } = metadata;
  const env = {
    envID: id,
    envKey: key,
    envName: name,
    projKey: projectKey,
    projName: projectName,
    ...(mobileKeys[0] && { mobKey: mobileKeys[0].value, mobileKeys }),
    ...(sdkKeys[0] && { sdkKey: { value: sdkKeys[0].value }, sdkKeys }),
    defaultTtl,
    secureMode,
    version: 1,
  };
  return {
    id,
    metadata: JSON.stringify({ env, dataId: "1" }, null, indent),
    data: JSON.stringify({ flags: valuesOf(data.flags), segments: valuesOf(data.segments) }, null, indent),
  };
}

/** An environment as an archive gives it, its items collected. */
export type CollectedEnvironment =
  | { id: string; environment: Environment; warnings?: string[] }
  | { id: string; metadata?: EnvironmentMetadata; error: EnvironmentError };

/** Reads an environment and all of its items. */
export function collect(read: ArchiveEnvironment): CollectedEnvironment {
  if ("error" in read) return read;
  const { id, metadata, dataJson } = read;
  const flags = new Map<string, Item<Flag>>();
  const segments = new Map<string, Item<Segment>>();
  const warnings: string[] = [];
  try {
    for (const item of readItems(id, dataJson, warnings)) {
      const { kind, key, text } = item;
      if (kind === "flags") flags.set(key, { value: JSON.parse(text), text });
      else segments.set(key, { value: JSON.parse(text), text });
    }
  } catch (error) {
    return { id, metadata, error: error as EnvironmentError };
  }
  return { id, environment: { metadata, data: { flags, segments } }, ...warnings.length > 0 && { warnings } };
}

/** Reads the two files of an environment. */
export function readEnvironment(
  id: string,
  metadataJson: Uint8Array,
  dataJson: Uint8Array,
): CollectedEnvironment {
  return collect(readMetadata(id, metadataJson, dataJson));
}

/** Reads an archive and all of its items. */
export async function readArchive(
  bytes: Uint8Array,
  options: ReadArchiveOptions = {},
): Promise<{ environments: CollectedEnvironment[] }> {
  const { environments } = await readWithoutItems(bytes, options);
  return { environments: environments.map(collect) };
}

/** What a reader must give of an environment: everything that SDKs need is there, and nothing else differs. */
export function complete({ metadata, data }: Environment): unknown {
  return {
    metadata,
    data: { flags: completeItems("flag", data.flags), segments: completeItems("segment", data.segments) },
  };
}

function completeItems(kind: "flag" | "segment", items: Map<string, Item<Flag> | Item<Segment>>): unknown {
  return [...items].map(([key, { value }]) => [key, withDefaults(kind, value)]);
}

/** Puts values into an object without a prototype: `__proto__` is a key like any other. */
function valuesOf(items: Map<string, Item<Flag> | Item<Segment>>): Record<string, unknown> {
  const values = Object.create(null);
  for (const [key, { value }] of items) values[key] = value;
  return values;
}

const name = fc.string({ unit: "grapheme", maxLength: 10 });
const itemKey = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }) },
  fc.constantFrom("__proto__", "constructor", "toString", "10", "9", "größe", "温度", "😀"),
);
const index = fc.nat(3);
const value = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }) as fc.Arbitrary<JsonValue>;
const contextKeys = fc.array(name, { maxLength: 3 });
const contextKind = fc.constantFrom("user", "machine", "shift");

const clause = record({
  contextKind,
  attribute: name,
  op: fc.constantFrom("in", "startsWith", "semVerEqual", "before", "segmentMatch", "fromTheFuture"),
  values: fc.array(value, { maxLength: 3 }),
  negate: fc.boolean(),
});
const rollout = record({
  kind: fc.constantFrom("rollout", "experiment"),
  contextKind,
  bucketBy: name,
  seed: fc.integer(),
  variations: fc.array(record({ variation: index, weight: fc.nat(100_000), untracked: fc.boolean() }), {
    maxLength: 3,
  }),
});
const targets = fc.array(record({ contextKind, variation: index, values: contextKeys }), { maxLength: 2 });
const segmentTargets = fc.array(record({ contextKind, values: contextKeys }), { maxLength: 2 });

const flag: fc.Arbitrary<Partial<Flag>> = record({
  deleted: fc.boolean(),
  on: fc.boolean(),
  prerequisites: fc.array(record({ key: itemKey, variation: index }), { maxLength: 2 }),
  targets,
  contextTargets: targets,
  rules: fc.array(
    record({
      id: name,
      variation: index,
      rollout,
      clauses: fc.array(clause, { maxLength: 2 }),
      trackEvents: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
  fallthrough: record({ variation: index, rollout }),
  offVariation: index,
  variations: fc.array(value, { maxLength: 4 }),
  clientSideAvailability: record({ usingMobileKey: fc.boolean(), usingEnvironmentId: fc.boolean() }),
  clientSide: fc.boolean(),
  salt: name,
  trackEvents: fc.boolean(),
  trackEventsFallthrough: fc.boolean(),
  debugEventsUntilDate: fc.maxSafeNat(),
  fieldFromTheFuture: value,
});

const segment: fc.Arbitrary<Partial<Segment>> = record({
  deleted: fc.boolean(),
  included: contextKeys,
  excluded: contextKeys,
  includedContexts: segmentTargets,
  excludedContexts: segmentTargets,
  salt: name,
  rules: fc.array(
    record({
      id: name,
      clauses: fc.array(clause, { maxLength: 2 }),
      weight: fc.nat(100_000),
      bucketBy: name,
      rolloutContextKind: contextKind,
    }),
    { maxLength: 2 },
  ),
  unbounded: fc.boolean(),
  generation: index,
  fieldFromTheFuture: value,
});

/** Any environment with an ID of LaunchDarkly's form. Its keys contain its ID, so that no two environments share one. */
export const environment: fc.Arbitrary<Environment> = fc
  .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 24, maxLength: 24 })
  .chain((id) =>
    fc.record({ metadata: metadataOf(id), data: fc.record({ flags: items(flag), segments: items(segment) }) })
  );

/** Some environments with different IDs, in ascending order of them. */
export const environments: fc.Arbitrary<Environment[]> = fc
  .uniqueArray(environment, { selector: ({ metadata }) => metadata.id, maxLength: 4 })
  .map((list) => list.sort((a, b) => a.metadata.id < b.metadata.id ? -1 : 1));

function metadataOf(id: string): fc.Arbitrary<EnvironmentMetadata> {
  function keys(kind: string): fc.Arbitrary<Credential[]> {
    return fc
      .array(fc.record({ expiry: fc.maxSafeNat() }, { requiredKeys: [] }), { maxLength: 3 })
      .map((list) => list.map((rest, i) => ({ value: `${kind}-${id}-${i}`, ...rest })));
  }
  return fc.record({
    id: fc.constant(id),
    key: name,
    name,
    projectKey: name,
    projectName: name,
    sdkKeys: keys("sdk"),
    mobileKeys: keys("mob"),
    defaultTtl: fc.nat(),
    secureMode: fc.boolean(),
  });
}

/** Items under their keys, in ascending order of them. */
function items<T extends Flag | Segment>(
  arbitrary: fc.Arbitrary<Partial<T>>,
): fc.Arbitrary<Map<string, Item<T>>> {
  return fc
    .uniqueArray(fc.tuple(itemKey, fc.nat(), arbitrary), { selector: ([key]) => key, maxLength: 6 })
    .map((list) => {
      const sorted = list.sort(([a], [b]) => a < b ? -1 : 1);
      return new Map(sorted.map(([key, version, rest]) => {
        const text = JSON.stringify({ key, version, ...rest });
        return [key, { value: JSON.parse(text) as T, text }];
      }));
    });
}

/** A record any of whose fields may be missing or null. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  const fields = Object.entries(model).map(([key, arbitrary]) => [
    key,
    fc.option(arbitrary as fc.Arbitrary<unknown>, { freq: 8 }),
  ]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}
