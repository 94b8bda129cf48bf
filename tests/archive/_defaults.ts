type Json = Record<string, unknown>;

/** What SDKs get for a field left out, and for one that is null; `undefined` leaves it out. Written for tests alone. */
type Defaults = Record<string, [absent: unknown, isNull: unknown]>;

const CLAUSE: Defaults = {
  contextKind: [undefined, undefined],
  attribute: ["", ""],
  op: ["", ""],
  values: [[], []],
  negate: [false, false],
};
const ROLLOUT: Defaults = {
  kind: [undefined, undefined],
  contextKind: [undefined, undefined],
  variations: [[], []],
};
const WEIGHTED: Defaults = { variation: [0, 0], weight: [0, 0], untracked: [undefined, false] };
const TARGET: Defaults = { contextKind: [undefined, undefined], variation: [0, 0], values: [[], []] };
const FLAG: Defaults = {
  deleted: [false, false],
  on: [false, false],
  prerequisites: [[], []],
  targets: [[], []],
  contextTargets: [undefined, []],
  rules: [[], []],
  fallthrough: [{}, {}],
  offVariation: [null, null],
  variations: [[], []],
  clientSideAvailability: [undefined, undefined],
  clientSide: [undefined, false],
  salt: ["", ""],
  trackEvents: [false, false],
  trackEventsFallthrough: [false, false],
  excludeFromSummaries: [undefined, false],
  samplingRatio: [undefined, undefined],
};
const SEGMENT: Defaults = {
  deleted: [false, false],
  included: [[], []],
  excluded: [[], []],
  includedContexts: [[], []],
  excludedContexts: [[], []],
  salt: ["", ""],
  rules: [[], []],
  unbounded: [undefined, false],
  unboundedContextKind: [undefined, undefined],
};

/** Gives a flag or a segment with all that SDKs need: what a reader must give for it. */
export function withDefaults(kind: "flag" | "segment", value: unknown): Json {
  const item = value as Json;
  if (item.deleted === true) return item;
  return kind === "flag" ? completeFlag(item) : completeSegment(item);
}

function completeFlag(flag: Json): Json {
  const { usingEnvironmentId } = (flag.clientSideAvailability ?? {}) as Json;
  const complete = fill(flag, usingEnvironmentId ? { ...FLAG, clientSide: [true, true] } : FLAG);
  complete.prerequisites = each(
    complete.prerequisites,
    (item) => fill(item, { key: ["", ""], variation: [0, 0] }),
  );
  complete.targets = each(complete.targets, (target) => fill(target, TARGET));
  if (complete.contextTargets) {
    complete.contextTargets = each(complete.contextTargets, (target) => fill(target, TARGET));
  }
  complete.rules = each(complete.rules, (rule) => {
    const filled = completeRollout(
      fill(rule, { id: [undefined, undefined], clauses: [[], []], trackEvents: [false, false] }),
    );
    return { ...filled, clauses: each(filled.clauses, (clause) => fill(clause, CLAUSE)) };
  });
  complete.fallthrough = completeRollout(complete.fallthrough as Json);
  if (complete.clientSideAvailability) {
    complete.clientSideAvailability = fill(complete.clientSideAvailability as Json, {
      usingMobileKey: [false, false],
      usingEnvironmentId: [false, false],
    });
  }
  if (complete.migration) {
    complete.migration = fill(complete.migration as Json, { checkRatio: [undefined, undefined] });
  }
  return complete;
}

function completeRollout(holder: Json): Json {
  if (!holder.rollout) return holder;
  const rollout = fill(holder.rollout as Json, ROLLOUT);
  return {
    ...holder,
    rollout: { ...rollout, variations: each(rollout.variations, (item) => fill(item, WEIGHTED)) },
  };
}

function completeSegment(segment: Json): Json {
  const complete = fill(segment, SEGMENT);
  for (const name of ["includedContexts", "excludedContexts"]) {
    complete[name] = each(
      complete[name],
      (target) => fill(target, { contextKind: ["user", "user"], values: [[], []] }),
    );
  }
  complete.rules = each(complete.rules, (rule) => {
    const filled = fill(rule, {
      id: ["", ""],
      clauses: [[], []],
      rolloutContextKind: [undefined, undefined],
    });
    return { ...filled, clauses: each(filled.clauses, (clause) => fill(clause, CLAUSE)) };
  });
  return complete;
}

function fill(object: Json, defaults: Defaults): Json {
  const filled = { ...object };
  for (const [name, [absent, isNull]] of Object.entries(defaults)) {
    const value = !Object.hasOwn(object, name) ? absent : object[name] === null ? isNull : object[name];
    if (value === undefined) delete filled[name];
    else filled[name] = value;
  }
  return filled;
}

function each(list: unknown, change: (item: Json) => Json): Json[] {
  return (list as Json[]).map(change);
}
