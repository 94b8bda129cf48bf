import type { Flag, Target, VariationOrRollout } from "../model/mod.ts";
import { compileClauses } from "./_clause.ts";
import type { Registry } from "./_registry.ts";
import { accumulateWeights, type Bucketing, compileBucketing } from "./_rollout.ts";
import { type Evaluation, EvaluationFactory, type Reason } from "./evaluation.ts";

/** A prerequisite, compiled. */
export interface CompiledPrerequisite {
  /** Slot of the other flag. */
  slot: number;
  /** Variation that it must evaluate to. */
  variation: number;
  /** Evaluation when the prerequisite is not met, made on first use; of the first {@linkcode KEPT_PREREQUISITES} only. */
  failed: Evaluation | null;
}

/** Context keys of one kind, each with its evaluation. */
export interface CompiledTargets {
  /** Slot of the kind's key. */
  slot: number;
  /** Evaluations by context key. */
  evaluations: Map<string, Evaluation>;
}

/** A rollout, compiled: how to compute a context's bucket, and the evaluation of each bucket. */
export interface CompiledRollout extends Bucketing {
  /** Ends of the shares of all weighted variations. */
  ends: number[];
  /** Evaluation of each weighted variation. */
  evaluations: Evaluation[];
  /** The same for a context without the rollout's kind, which is not part of an experiment. */
  evaluationsWithoutKind: Evaluation[];
}

/** Outcome of a rule or the fallthrough: a fixed evaluation, or one that a rollout selects. */
export type Served = Evaluation | CompiledRollout;

/**
 * A flag, compiled. It is laid out flat, because with thousands of flags the time goes into fetching memory, not into
 * comparing.
 */
export interface CompiledFlag {
  /** Digest by which a later environment recognizes that it is unchanged. */
  digest: string;
  /** Whether it, or what it refers to at any depth, comes from overrides. */
  isAffected: boolean;
  /** The flag. */
  flag: Flag;
  /** Evaluation of every context, when it does not depend on the context. */
  constant: Evaluation | null;
  /** Other flags that must evaluate to a certain variation. */
  prerequisites: CompiledPrerequisite[];
  /** Their keys. */
  prerequisiteKeys: string[];
  /** Targets, in the order in which they are tried. */
  targets: CompiledTargets[];
  /** For each rule the number of its clauses and their slots. */
  clauses: number[];
  /** Outcome of each rule, and of the fallthrough at the end. */
  served: Served[];
}

/** Empty list, shared by all flags. */
const NONE: never[] = [];

/** Options for {@linkcode compileFlag}. */
export interface FlagOptions extends Pick<CompiledFlag, "digest" | "isAffected"> {
  /** Numbers attributes, clauses, segments and prerequisites. */
  registry: Registry;
}

/**
 * Compiles a flag.
 *
 * @param flag The flag.
 * @param options Digest of its content, whether overrides affect it, and what numbers all that it refers to.
 * @returns The compiled form, which refers to other flags and to segments by number only.
 */
export function compileFlag(flag: Flag, { digest, isAffected, registry }: FlagOptions): CompiledFlag {
  const factory = new EvaluationFactory({ flag, isAffected });
  const keys = flag.prerequisites?.map(({ key }) => key ?? "") ?? NONE;
  const compilation = { flag, registry, factory, keys };
  const rules = flag.rules ?? [];
  const targets = compileTargets(compilation);
  const served = rules.map((rule, ruleIndex) =>
    compileServed(compilation, rule, {
      kind: "RULE_MATCH",
      ruleIndex,
      ...(rule.id ? { ruleId: rule.id } : {}),
    })
  );
  const fallthrough = compileServed(compilation, flag.fallthrough ?? {}, { kind: "FALLTHROUGH" });
  const unconditional = keys.length + targets.length + rules.length === 0 && !isRollout(fallthrough);
  return {
    digest,
    isAffected,
    flag,
    constant: !flag.on ? factory.makeOff({ kind: "OFF" }, []) : unconditional ? fallthrough : null,
    prerequisites: keys.length === 0 ? NONE : flag.prerequisites!.map(({ variation }, i) => ({
      slot: registry.prerequisites.get(keys[i]!),
      variation: variation ?? 0,
      failed: null,
    })),
    prerequisiteKeys: keys,
    targets,
    clauses: rules.flatMap((rule) => compileClauses(rule.clauses, registry)),
    served: [...served, fallthrough],
  };
}

/**
 * Reports whether an outcome is a rollout.
 *
 * @param served Outcome of a rule or the fallthrough.
 * @returns Whether it is a rollout.
 */
export function isRollout(served: Served): served is CompiledRollout {
  return "ends" in served;
}

/** State shared while the parts of one flag are compiled. */
interface Compilation {
  flag: Flag;
  registry: Registry;
  factory: EvaluationFactory;
  /** Keys of the prerequisites. */
  keys: string[];
}

function compileServed(
  compilation: Compilation,
  { variation, rollout }: VariationOrRollout,
  reason: Reason,
): Served {
  const { flag, registry, factory, keys } = compilation;
  if (typeof variation === "number") return factory.make(variation, reason, keys);
  if (!rollout?.variations?.length) return factory.makeMalformed(keys);
  const experiment = rollout.kind === "experiment";
  const bucketing = compileBucketing({
    key: flag.key,
    salt: flag.salt,
    seed: rollout.seed,
    contextKind: rollout.contextKind,
    bucketBy: rollout.bucketBy,
    isExperiment: experiment,
  }, registry);
  if (bucketing === null) return factory.makeMalformed(keys);
  const plain = rollout.variations.map(({ variation }) => factory.make(variation ?? 0, reason, keys));
  const tracked: Reason = { ...reason, inExperiment: true };
  return {
    ...bucketing,
    ends: accumulateWeights(rollout),
    evaluations: experiment
      ? rollout.variations.map(({ variation, untracked }, i) =>
        untracked ? plain[i]! : factory.make(variation ?? 0, tracked, keys)
      )
      : plain,
    evaluationsWithoutKind: plain,
  };
}

/** Targets that follow each other and are of one kind become one map, in which the first that lists a key counts. */
function compileTargets({ flag, registry, factory, keys }: Compilation): CompiledTargets[] {
  const compiled: CompiledTargets[] = [];
  for (const { contextKind, variation, values } of listTargets(flag)) {
    if (!values?.length) continue;
    const slot = registry.getAttribute(contextKind || "user", ["key"]);
    if (compiled.at(-1)?.slot !== slot) compiled.push({ slot, evaluations: new Map() });
    const { evaluations } = compiled.at(-1)!;
    const evaluation = factory.make(variation ?? 0, { kind: "TARGET_MATCH" }, keys);
    for (const key of values) {
      if (!evaluations.has(key)) evaluations.set(key, evaluation);
    }
  }
  return compiled.length === 0 ? NONE : compiled;
}

/**
 * Lists the targets of a flag. An empty one of kind user in `contextTargets` stands for the first of the same variation in
 * `targets`.
 *
 * @param flag The flag.
 * @returns Its targets in the order in which they are tried.
 */
export function listTargets({ targets, contextTargets }: Flag): Target[] {
  if (!contextTargets?.length) return targets ?? [];
  const users = new Map<number, Target>();
  for (const target of targets ?? []) {
    const variation = target.variation ?? 0;
    if (!users.has(variation)) users.set(variation, target);
  }
  return contextTargets.map((target) => {
    if (target.values?.length || (target.contextKind && target.contextKind !== "user")) return target;
    return users.get(target.variation ?? 0) ?? target;
  });
}
