import { assert, assertEquals } from "@std/assert";
import { applyChanges, type WantResult } from "../../lib/inspection/mod.ts";
import { type JsonValue, parseContext } from "../../lib/model/mod.ts";
import { complete, type Json, type RawData } from "../evaluation/_environment.ts";
import { evaluateText, makeEnvironment } from "./_brute_force.ts";
import { findChange } from "./_at_once.ts";

/** Finds the change for a value of the flag `flag`, and sees that it gives the value. */
function want(raw: RawData, context: unknown, wanted: JsonValue): WantResult {
  const environment = makeEnvironment(complete(raw));
  const parsed = parseContext(context);
  const result = findChange(environment.snapshot, "flag", parsed, wanted);
  if (result.changes) {
    const changed = applyChanges(parsed, result.changes);
    assertEquals(evaluateText(environment, "flag", changed), JSON.stringify(wanted));
  }
  return result;
}

/** The same for a flag, whose fallthrough is "a"; the changes as `kind.attribute=value`. */
function change(flag: Json, context: unknown, wanted: JsonValue, others: RawData = {}): string {
  const result = want(
    { flags: { flag, ...others.flags }, segments: others.segments ?? {} },
    context,
    wanted,
  );
  if (result.changes === null) return result.why;
  return result.changes.map(({ kind, attribute, value }) => `${kind}.${attribute}=${JSON.stringify(value)}`)
    .join(", ");
}

function rule(...clauses: Json[]): Json {
  return { variation: 1, clauses };
}

const ANN = { kind: "user", key: "ann", plan: "free", age: 30 };

Deno.test("findChange() changes nothing where the context has the value, and says why it cannot", () => {
  assertEquals(change({}, ANN, "a"), "");
  assertEquals(change({}, ANN, "no such value"), "no variation");
  assertEquals(change({}, ANN, "b"), "no change");
  assertEquals(change({ on: false }, ANN, "a"), "no change");
  assertEquals(change({ on: false }, ANN, "c"), "");
});

Deno.test("findChange() has a value for each operator", () => {
  const expected: [string, JsonValue[], JsonValue][] = [
    ["in", ["team", "pro"], "team"],
    ["startsWith", ["eu-"], "eu-"],
    ["endsWith", ["@example.com"], "@example.com"],
    ["contains", ["x"], "x"],
    ["matches", ["^v\\d+$"], "v0"],
    ["lessThan", [5, 3], 3],
    ["lessThanOrEqual", [5], 5],
    ["greaterThan", [5], 6],
    ["greaterThanOrEqual", [5.5], 5.5],
    ["greaterThan", [1e300], 2e300],
    ["before", ["2020-01-01T00:00:00Z"], "2019-12-31T23:59:59Z"],
    ["after", [1577836800000], 1577836801000],
    ["semVerEqual", ["2"], "2"],
    ["semVerGreaterThan", ["2.1"], "2.1.1"],
    ["semVerLessThan", ["2.0.0"], "1.0.0"],
    ["semVerLessThan", ["0.0.0"], "0.0.0-0"],
  ];
  for (const [op, values, value] of expected) {
    const text = change({ rules: [rule({ attribute: "x", op, values })] }, ANN, "b");
    assertEquals(text, `user.x=${JSON.stringify(value)}`, op);
  }
  assertEquals(
    change({ rules: [rule({ attribute: "x", op: "unknown", values: ["a"] })] }, ANN, "b"),
    "no change",
  );
});

Deno.test("findChange() has a value for each negated operator", () => {
  const operators = ["in", "startsWith", "contains", "matches", "lessThan", "after", "semVerEqual"];
  for (const op of operators) {
    const clause = { attribute: "x", op, values: ["2.0.0", 5], negate: true };
    assert(want({ flags: { flag: { rules: [rule(clause)] } } }, ANN, "b").changes?.length === 1, op);
  }
  const clause = { attribute: "plan", op: "in", values: ["pro"], negate: true };
  assertEquals(change({ rules: [rule(clause)] }, ANN, "a"), 'user.plan="pro"');
});

Deno.test("findChange() stops earlier rules", () => {
  const rules = [
    { variation: 2, clauses: [{ attribute: "plan", op: "in", values: ["free", "team"] }] },
    { variation: 1, clauses: [{ attribute: "plan", op: "in", values: ["team", "pro"] }] },
  ];
  assertEquals(change({ rules }, ANN, "b"), 'user.plan="pro"');
  assertEquals(change({ rules }, ANN, "a"), "user.plan=null");
  assertEquals(change({ rules }, { ...ANN, plan: "team" }, "a"), "user.plan=null");
  const behind = [{ variation: 2, clauses: [] }, ...rules];
  assertEquals(change({ rules: behind }, ANN, "b"), "no change");
});

Deno.test("findChange() changes as few attributes as possible, and no key if it can", () => {
  const clauses = ["r", "s", "t", "u", "v", "w"].map((attribute) => ({ attribute, op: "in", values: [1] }));
  assertEquals(
    change({ rules: [rule(...clauses)] }, ANN, "b"),
    "user.r=1, user.s=1, user.t=1, user.u=1, user.v=1, user.w=1",
  );
  const few = [rule(...clauses), rule({ attribute: "age", op: "lessThan", values: [18] })];
  assertEquals(change({ rules: few }, ANN, "b"), "user.age=17");
  const targets = [{ variation: 1, values: ["bob"] }];
  assertEquals(change({ rules: few, targets }, ANN, "b"), "user.age=17");
  assertEquals(change({ rules: few.slice(0, 1), targets }, ANN, "b"), 'user.key="bob"');
});

Deno.test("findChange() joins several clauses on one attribute in a text or an array", () => {
  const both = rule(
    { attribute: "x", op: "startsWith", values: ["eu-"] },
    { attribute: "x", op: "endsWith", values: ["-prod"] },
    { attribute: "x", op: "contains", values: ["db"] },
    { attribute: "x", op: "in", values: ["eu-db-prod"], negate: true },
  );
  assertEquals(change({ rules: [both] }, ANN, "b"), 'user.x="eu-db1-prod"');
  const groups = rule(
    { attribute: "groups", op: "in", values: ["x", "y"] },
    { attribute: "groups", op: "in", values: ["x", "z"], negate: true },
    { attribute: "groups", op: "in", values: ["v"] },
  );
  assertEquals(change({ rules: [groups] }, ANN, "b"), 'user.groups=["y","v"]');
  const member = { ...ANN, groups: ["u", "z", "y"] };
  assertEquals(change({ rules: [groups] }, member, "b"), 'user.groups=["u","y","v"]');
  const between = rule(
    { attribute: "n", op: "greaterThan", values: [1] },
    { attribute: "n", op: "lessThan", values: [2] },
  );
  assertEquals(change({ rules: [between] }, ANN, "b"), "user.n=1.5");
});

Deno.test("findChange() proves that clauses contradict each other", () => {
  const contradictions = [
    [{ op: "in", values: ["x"] }, { op: "in", values: ["x"], negate: true }],
    [{ op: "startsWith", values: ["x"] }, { op: "startsWith", values: ["x"], negate: true }],
    [{ op: "semVerGreaterThan", values: ["2.0.0"] }, {
      op: "semVerGreaterThan",
      values: ["1.0.0"],
      negate: true,
    }],
    [{ op: "greaterThan", values: [5] }, { op: "greaterThan", values: [3], negate: true }],
  ];
  for (const clauses of contradictions) {
    const flag = { rules: [rule(...clauses.map((clause) => ({ attribute: "x", ...clause })))] };
    assertEquals(change(flag, ANN, "b"), "no change");
  }
  const open = [{ op: "startsWith", values: ["xy"] }, { op: "startsWith", values: ["x"], negate: true }];
  const flag = { rules: [rule(...open.map((clause) => ({ attribute: "x", ...clause })))] };
  assertEquals(change(flag, ANN, "b"), "limit");
});

Deno.test("findChange() brings a context into segments and out of them", () => {
  const beta = {
    included: ["zoe"],
    excluded: ["ann"],
    rules: [{ clauses: [{ attribute: "plan", op: "in", values: ["pro"] }] }],
  };
  const inBeta = { op: "segmentMatch", values: ["beta"] };
  const outer = { rules: [{ clauses: [inBeta] }] };
  const segments = { beta, outer };
  const flag = { rules: [rule({ op: "segmentMatch", values: ["outer"] })] };
  assertEquals(change(flag, ANN, "b", { segments }), 'user.key="zoe"');
  assertEquals(change(flag, { ...ANN, key: "bob" }, "b", { segments }), 'user.plan="pro"');
  assertEquals(change(flag, { ...ANN, key: "bob", plan: "pro" }, "a", { segments }), "user.plan=null");
  assertEquals(change(flag, { ...ANN, key: "zoe" }, "a", { segments }), 'user.key="ann"');
  const cycle = { rules: [{ clauses: [{ op: "segmentMatch", values: ["outer"] }] }] };
  assertEquals(change(flag, ANN, "b", { segments: { outer: cycle } }), "no change");
  const big = {
    unbounded: true,
    generation: 1,
    rules: [{ clauses: [{ attribute: "n", op: "in", values: [1] }] }],
  };
  assertEquals(change(flag, ANN, "b", { segments: { outer: big } }), "user.n=1");
  const share = { rules: [{ clauses: [], weight: 500, bucketBy: "company" }] };
  const acme = { ...ANN, company: "acme" };
  assertEquals(change(flag, acme, "b", { segments: { outer: share } }), "user.company=null");
  assertEquals(change(flag, ANN, "a", { segments: { outer: share } }), 'user.company="company-1"');
});

Deno.test("findChange() meets prerequisites, and fails them for the off variation", () => {
  const base = { rules: [{ variation: 1, clauses: [{ attribute: "plan", op: "in", values: ["pro"] }] }] };
  const flag = { prerequisites: [{ key: "base", variation: 1 }] };
  assertEquals(change(flag, ANN, "a", { flags: { base } }), 'user.plan="pro"');
  assertEquals(change(flag, { ...ANN, plan: "pro" }, "c", { flags: { base } }), "user.plan=null");
  assertEquals(change(flag, ANN, "a", { flags: { base: { ...base, on: false } } }), "no change");
  assertEquals(change(flag, ANN, "a"), "no change");
  const loop = { ...base, prerequisites: [{ key: "flag", variation: 0 }] };
  assertEquals(change(flag, ANN, "a", { flags: { base: loop } }), "no change");
});

Deno.test("findChange() finds keys for rollouts and experiments, however narrow", () => {
  const narrow = (kind: string, weight: number) => ({
    fallthrough: {
      rollout: { kind, variations: [{ variation: 1, weight }, { variation: 0, weight: 100_000 - weight }] },
    },
  });
  for (const kind of ["rollout", "experiment"]) {
    assert(/^user\.key="user-\d+"$/.test(change(narrow(kind, 1000), ANN, "b")));
    assert(/^user\.key="user-\d+"$/.test(change(narrow(kind, 10), ANN, "b")));
    assertEquals(change(narrow(kind, 0), ANN, "b"), "no change");
  }
  const { rollout } = narrow("rollout", 1000).fallthrough;
  const first = { fallthrough: { rollout: { ...rollout, bucketBy: "org" } } };
  // Who lacks the attribute falls into the first bucket.
  assertEquals(change(first, { ...ANN, org: "x" }, "b"), "user.org=null");
  const last = {
    fallthrough: { rollout: { ...first.fallthrough.rollout, variations: rollout.variations.toReversed() } },
  };
  assert(/^user\.org="org-\d+"$/.test(change(last, { ...ANN, org: "x" }, "b")));
  const forStaff = rule({ attribute: "key", op: "startsWith", values: ["staff-"] });
  const staff = { rules: [{ clauses: forStaff.clauses, ...narrow("rollout", 1000).fallthrough }] };
  assert(/^user\.key="staff-\d+"$/.test(change(staff, ANN, "b")));
});

Deno.test("findChange() uses targets of all kinds", () => {
  const contextTargets = [{ contextKind: "org", variation: 1, values: ["acme"] }, {
    variation: 2,
    values: [],
  }];
  const targets = [{ variation: 2, values: ["zoe"] }];
  assertEquals(change({ contextTargets, targets }, ANN, "b"), 'org.key="acme"');
  assertEquals(change({ contextTargets, targets }, ANN, "c"), 'user.key="zoe"');
  const both = { kind: "multi", user: { key: "zoe" }, org: { key: "acme" } };
  assertEquals(change({ contextTargets, targets }, both, "c"), 'org.key="org-1"');
  assertEquals(change({ contextTargets, targets }, { kind: "user", key: "zoe" }, "a"), 'user.key="user-1"');
});

Deno.test("findChange() adds kinds, removes them, and follows paths", () => {
  const isOrg = { attribute: "kind", op: "in", values: ["org"] };
  assertEquals(change({ rules: [rule(isOrg)] }, ANN, "b"), 'org.key="org-1"');
  const both = { kind: "multi", user: { key: "ann" }, org: { key: "acme" } };
  assertEquals(change({ rules: [rule(isOrg)] }, both, "a"), "org.key=null");
  assertEquals(
    change({ rules: [rule(isOrg)] }, { kind: "org", key: "acme" }, "a"),
    'user.key="user-1", org.key=null',
  );
  const city = { contextKind: "org", attribute: "/address/city", op: "in", values: ["Oslo"] };
  assertEquals(change({ rules: [rule(city)] }, ANN, "b"), 'org.key="org-1", org./address/city="Oslo"');
  assertEquals(
    change({ rules: [rule(city)] }, { kind: "org", key: "acme", address: { zip: 1 } }, "b"),
    'org./address/city="Oslo"',
  );
  const other = { contextKind: "org", attribute: "plan", op: "in", values: ["free"], negate: true };
  assertEquals(change({ rules: [rule(other)] }, ANN, "b"), 'org.key="org-1", org.plan="plan-1"');
  const odd = { attribute: "/x", op: "in", values: [1] };
  assertEquals(change({ rules: [rule(odd)] }, ANN, "b"), "user./~1x=1");
});

Deno.test("findChange() ends at a limit, in large flags that depend on each other too", () => {
  const positions = Array.from({ length: 600 }, (_, i) => i);
  const rules = positions.map((i) => ({
    variation: i,
    clauses: [{ attribute: "x", op: "in", values: [i] }],
  }));
  const base = { variations: positions, rules };
  const prerequisites = positions.map((variation) => ({ key: "base", variation }));
  assertEquals(change({ prerequisites }, ANN, "a", { flags: { base } }), "limit");
});
