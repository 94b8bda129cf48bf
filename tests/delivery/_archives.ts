import * as fc from "fast-check";
import type { EnvironmentParts } from "../_environments.ts";

type Json = Record<string, unknown>;
type Kind = "flags" | "segments";

/** What a new archive does to one flag or segment. */
type Edit =
  | { type: "set"; kind: Kind; key: string; fields: Json; step: number }
  | { type: "setVersion"; kind: Kind; key: string; step: number }
  | { type: "remove"; kind: Kind; key: string }
  | { type: "bury"; kind: Kind; key: string; step: number }
  | { type: "rename"; kind: Kind; key: string; to: string }
  | { type: "restore"; kind: Kind; key: string; archive: number };

/** How a new archive comes from those before it. */
export type Reload =
  | { type: "edit"; edits: Edit[] }
  | { type: "rollBack"; archive: number }
  | { type: "renameEnvironment"; name: string }
  | { type: "touch" }
  | { type: "corrupt" };

const KEYS = { flags: ["a", "b", "c", "d"], segments: ["s", "t", "u"] };

/** Contexts of clients. Targets and segments tell them apart. */
export const USERS = ["one", "two", "three"];

const user = fc.constantFrom(...USERS);
const segmentKey = fc.constantFrom(...KEYS.segments);

function clauses(values: string[]): Json[] {
  return [{ op: "segmentMatch", values }];
}

function one<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return arbitrary.map((value) => [value]);
}

/** Fields of a flag. Half of the optional ones are there. */
const flagFields = fc.record({
  on: fc.boolean(),
  offVariation: fc.constantFrom(0, 1),
  fallthrough: fc.record({ variation: fc.constantFrom(0, 1, 2, 9) }),
  targets: fc.array(fc.record({ variation: fc.constant(2), values: fc.array(user, { maxLength: 2 }) }), {
    maxLength: 1,
  }),
  rules: one(fc.record({
    variation: fc.constantFrom(0, 1),
    clauses: fc.array(segmentKey, { minLength: 1, maxLength: 2 }).map(clauses),
    trackEvents: fc.boolean(),
  })),
  prerequisites: one(fc.record({ key: fc.constantFrom(...KEYS.flags), variation: fc.constantFrom(0, 1) })),
  clientSideAvailability: fc.constantFrom(
    undefined,
    { usingEnvironmentId: true, usingMobileKey: true },
    { usingEnvironmentId: true, usingMobileKey: false },
    { usingEnvironmentId: false, usingMobileKey: true },
  ),
  trackEvents: fc.boolean(),
}, { requiredKeys: ["on", "offVariation", "fallthrough"] }).map((fields) => ({
  variations: ["no", "yes", "for you"],
  ...fields,
}));

const segmentFields = fc.record({
  included: fc.array(user, { maxLength: 2 }),
  rules: one(segmentKey.map((key) => ({ clauses: clauses([key]) }))),
}, { requiredKeys: [] });

/** How a version differs from the last one of its key: mostly by one, as in LaunchDarkly. */
const step = fc.oneof(
  { arbitrary: fc.constant(1), weight: 4 },
  { arbitrary: fc.integer({ min: -3, max: 3 }), weight: 3 },
);
const archive = fc.nat({ max: 10 });

function editsOf(kind: Kind, fields: fc.Arbitrary<Json>): fc.Arbitrary<Edit> {
  const id = { kind: fc.constant(kind), key: fc.constantFrom(...KEYS[kind]) };
  const to = fc.constantFrom(...KEYS[kind]);
  return fc.oneof(
    { arbitrary: fc.record({ type: fc.constant("set" as const), ...id, fields, step }), weight: 5 },
    { arbitrary: fc.record({ type: fc.constant("remove" as const), ...id }), weight: 3 },
    fc.record({ type: fc.constant("setVersion" as const), ...id, step }),
    fc.record({ type: fc.constant("bury" as const), ...id, step }),
    fc.record({ type: fc.constant("rename" as const), ...id, to }),
    fc.record({ type: fc.constant("restore" as const), ...id, archive }),
  );
}

const edit = fc.oneof(
  { arbitrary: editsOf("flags", flagFields), weight: 3 },
  { arbitrary: editsOf("segments", segmentFields), weight: 2 },
);

/** Makes the first archive out of nothing. */
export const firstArchive: fc.Arbitrary<Reload> = fc.record({
  type: fc.constant("edit" as const),
  edits: fc.array(edit, { minLength: 5, maxLength: 15 }),
});

/** Ways to a new archive. */
export const reload: fc.Arbitrary<Reload> = fc.oneof(
  {
    arbitrary: fc.record({
      type: fc.constant("edit" as const),
      edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
    }),
    weight: 12,
  },
  { arbitrary: fc.record({ type: fc.constant("rollBack" as const), archive }), weight: 2 },
  fc.record({ type: fc.constant("renameEnvironment" as const), name: fc.constantFrom("x", "y") }),
  fc.record({ type: fc.constant("touch" as const) }),
  fc.record({ type: fc.constant("corrupt" as const) }),
);

/** The archives so far. */
export class Archives {
  readonly #history: EnvironmentParts[];
  /** Last version that each key had in any of them. */
  readonly #versions = new Map<string, number>();

  /** @param ballast Whether there is so much besides what changes that telling of changes is always shorter than a `put`. */
  constructor(ballast: boolean) {
    const heavy = { variations: ["x".repeat(9_000)], offVariation: 0, ...CLIENT_SIDE };
    const light = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`z${i}`, {}]));
    this.#history = [ballast ? { flags: { ...light, heavy }, segments: {} } : { flags: {}, segments: {} }];
  }

  /** The newest archive. */
  get newest(): EnvironmentParts {
    return this.#history.at(-1)!;
  }

  /** Adds an archive; not for a corrupt one. */
  add(reload: Reload): void {
    const parts = structuredClone(this.newest);
    if (reload.type === "edit") {
      for (const edit of reload.edits) this.#edit(parts, edit);
    } else if (reload.type === "rollBack") {
      Object.assign(parts, structuredClone(this.#past(reload.archive)));
    } else if (reload.type === "renameEnvironment") {
      parts.env = { envName: reload.name };
    }
    for (const kind of ["flags", "segments"] as const) {
      for (const [key, { version }] of Object.entries(parts[kind]!)) {
        if (typeof version === "number") this.#versions.set(`${kind}/${key}`, version);
      }
    }
    this.#history.push(parts);
  }

  #edit(parts: EnvironmentParts, edit: Edit): void {
    const { kind, key } = edit;
    const items = parts[kind]!;
    const item = items[key];
    switch (edit.type) {
      case "set":
        items[key] = { ...edit.fields, version: this.#nextVersion(edit) };
        break;
      case "setVersion":
        if (item) items[key] = { ...item, version: this.#nextVersion(edit) };
        break;
      case "remove":
        delete items[key];
        break;
      case "bury":
        items[key] = { version: this.#nextVersion(edit), deleted: true };
        break;
      case "rename":
        delete items[key];
        if (item) items[edit.to] = item;
        break;
      case "restore": {
        const old = this.#past(edit.archive)[kind]![key];
        if (old) items[key] = structuredClone(old);
        break;
      }
    }
  }

  #nextVersion({ kind, key, step }: { kind: Kind; key: string; step: number }): number {
    return Math.max(0, (this.#versions.get(`${kind}/${key}`) ?? 0) + step);
  }

  #past(archive: number): EnvironmentParts {
    return this.#history[archive % this.#history.length]!;
  }
}

const CLIENT_SIDE = { clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } };
