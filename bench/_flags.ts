/** Which flags a benchmark evaluates. */
export type Shape =
  /** Every flag is on and has three rules of three clauses, and rollouts. */
  | "rules"
  /** 70 % of the flags are off or have no rules, as in real projects; the others are as in `rules`. */
  | "mixed";

/** Flags and segments as `/sdk/latest-all` has them. */
export interface BenchData {
  /** By key. */
  flags: Record<string, unknown>;
  /** By key. */
  segments: Record<string, unknown>;
}

type Random = () => number;

const COUNTRIES = ["de", "fr", "us", "gb", "jp", "br", "in", "nl", "se", "pl", "es", "it"];
const PLANS = ["free", "trial", "team", "business", "enterprise"];
const SEGMENTS = 20;

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): Random {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Flags of a shape: 10 % have a prerequisite, 20 % look at a segment. */
export function makeFlags(count: number, shape: Shape): BenchData {
  const random = createRandom(count);
  const flags = Array.from({ length: count }, (_, i) => {
    const simple = shape === "mixed" && random() < 0.7;
    return simple ? makeSimpleFlag(i, random) : makeFlag(i, random);
  });
  const segments = Array.from({ length: SEGMENTS }, (_, i) => makeSegment(i, random));
  return { flags: byKey(flags), segments: byKey(segments) };
}

/** Contexts of kind `user` with ten attributes. */
export function makeContexts(count: number): unknown[] {
  const random = createRandom(1);
  return Array.from({ length: count }, (_, i) => ({
    kind: "user",
    key: `user-${hex(random, 4)}-${i}`,
    name: `Person ${i}`,
    email: `person${i}@${pick(["example.com", "example.org", "mail.test"], random)}`,
    country: pick(COUNTRIES, random),
    plan: pick(PLANS, random),
    seats: Math.floor(random() * 200),
    version: `${Math.floor(random() * 4)}.${Math.floor(random() * 10)}.0`,
    created: new Date(1.6e12 + random() * 1e11).toISOString(),
    groups: [`g${Math.floor(random() * 20)}`, `g${Math.floor(random() * 20)}`],
    beta: random() < 0.5,
  }));
}

function makeSimpleFlag(i: number, random: Random) {
  const on = random() < 0.5;
  return {
    ...base(i, random),
    on,
    offVariation: 1,
    fallthrough: { variation: 0 },
    rules: [],
    targets: [],
    prerequisites: [],
  };
}

function makeFlag(i: number, random: Random) {
  const withSegment = random() < 0.2;
  const rules = [0, 1, 2].map((rule) => ({
    id: `${hex(random, 4)}-${rule}`,
    clauses: [0, 1, 2].map((clause) =>
      withSegment && rule === 1 && clause === 0 ? segmentClause(random) : makeClause(random)
    ),
    ...(rule === 2 ? { rollout: makeRollout(random) } : { variation: Math.floor(random() * 3) }),
  }));
  const prerequisites = i > 0 && random() < 0.1
    ? [{ key: flagKey(Math.floor(random() * i)), variation: Math.floor(random() * 3) }]
    : [];
  return {
    ...base(i, random),
    on: true,
    offVariation: 2,
    targets: random() < 0.2
      ? [{ variation: 0, values: [`user-${hex(random, 4)}`, `user-${hex(random, 4)}`] }]
      : [],
    prerequisites,
    rules,
    fallthrough: { rollout: makeRollout(random) },
  };
}

function base(i: number, random: Random) {
  const json = { limit: Math.floor(random() * 100), mode: "fast", hosts: ["a.example.com", "b.example.com"] };
  return {
    key: flagKey(i),
    version: 1 + Math.floor(random() * 100),
    salt: hex(random, 16),
    variations: random() < 0.2 ? [json, { ...json, mode: "slow" }, null] : [true, false, "off"],
    clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
    trackEvents: random() < 0.1,
  };
}

function makeRollout(random: Random) {
  const first = Math.floor(random() * 100_000);
  return { variations: [{ variation: 0, weight: first }, { variation: 1, weight: 100_000 - first }] };
}

function makeClause(random: Random) {
  const n = random();
  const negate = random() < 0.1;
  if (n < 0.3) return { attribute: "country", op: "in", values: some(COUNTRIES, random), negate };
  if (n < 0.5) return { attribute: "plan", op: "in", values: some(PLANS, random), negate };
  if (n < 0.6) {
    return {
      attribute: "groups",
      op: "in",
      values: [0, 1, 2, 3].map(() => `g${Math.floor(random() * 20)}`),
      negate,
    };
  }
  if (n < 0.7) return { attribute: "email", op: "endsWith", values: ["@example.com", "@mail.test"], negate };
  if (n < 0.75) return { attribute: "key", op: "startsWith", values: [`user-${hex(random, 1)}`], negate };
  if (n < 0.8) return { attribute: "beta", op: "in", values: [true], negate };
  if (n < 0.9) return { attribute: "seats", op: "greaterThan", values: [Math.floor(random() * 200)], negate };
  if (n < 0.95) {
    return {
      attribute: "version",
      op: "semVerGreaterThan",
      values: [`${Math.floor(random() * 4)}.5.0`],
      negate,
    };
  }
  if (n < 0.98) {
    return {
      attribute: "created",
      op: "before",
      values: [new Date(1.6e12 + random() * 1e11).toISOString()],
      negate,
    };
  }
  return { attribute: "email", op: "matches", values: ["^person[0-9]*5@"], negate };
}

function segmentClause(random: Random) {
  return { op: "segmentMatch", values: [`segment-${Math.floor(random() * SEGMENTS)}`] };
}

function makeSegment(i: number, random: Random) {
  return {
    key: `segment-${i}`,
    version: 1,
    salt: hex(random, 16),
    included: Array.from({ length: 50 }, () => `user-${hex(random, 4)}`),
    excluded: [],
    rules: [{ clauses: [makeClause(random)], ...(random() < 0.3 ? { weight: 50_000 } : {}) }],
  };
}

function some<T>(all: T[], random: Random): T[] {
  const from = Math.floor(random() * all.length);
  return all.slice(from, from + 1 + Math.floor(random() * 4));
}

function pick<T>(all: T[], random: Random): T {
  return all[Math.floor(random() * all.length)]!;
}

function hex(random: Random, bytes: number): string {
  return Array.from({ length: bytes }, () => Math.floor(random() * 256).toString(16).padStart(2, "0")).join(
    "",
  );
}

function flagKey(i: number): string {
  return `release-feature-${i}`;
}

function byKey<T extends { key: string }>(items: T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.key, item]));
}
