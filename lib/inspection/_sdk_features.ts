import {
  type Clause,
  type Flag,
  isAttributeReference,
  isContextKind,
  type Rollout,
  type Segment,
} from "../model/mod.ts";
import type { Entry } from "./_entry.ts";
import { count } from "./_phrases.ts";

/** Something that flags and segments use and that not every SDK or not every place has. */
interface Feature {
  /** What a number of flags and segments use: the rest of a sentence. */
  use: string;
  /** What to look out for. Versions from the change logs of the SDKs. */
  hint: string;
  isUsedByFlag(flag: Flag): boolean;
  isUsedBySegment(segment: Segment): boolean;
}

/** The versions that brought contexts. */
const SINCE_CONTEXTS =
  "Server SDKs know these from Go 6, Java 6, .NET 7, Node.js 7, Python 8, Ruby 7, PHP 5 on; older ones give other values";

const FEATURES: readonly Feature[] = [
  {
    use: 'context kinds other than "user", or paths of attributes',
    hint: SINCE_CONTEXTS,
    isUsedByFlag: ({ contextTargets, rules, fallthrough }) =>
      !!contextTargets?.some(({ contextKind }) => isNewKind(contextKind)) ||
      hasContexts(fallthrough?.rollout) ||
      !!rules?.some(({ clauses, rollout }) => clauses?.some(isOfContexts) || hasContexts(rollout)),
    isUsedBySegment: ({ includedContexts, excludedContexts, rules, unboundedContextKind }) =>
      [...includedContexts ?? [], ...excludedContexts ?? []].some(({ contextKind }) =>
        isNewKind(contextKind)
      ) ||
      isNewKind(unboundedContextKind) ||
      !!rules?.some(({ clauses, rolloutContextKind }) =>
        clauses?.some(isOfContexts) || isNewKind(rolloutContextKind)
      ),
  },
  {
    use: "experiments",
    hint:
      "Server SDKs from before June 2021 (Node.js 6.0, PHP 3.8, Haskell 2.1) put other contexts into them",
    isUsedByFlag: ({ rules, fallthrough }) =>
      isExperiment(fallthrough?.rollout) || !!rules?.some(({ rollout }) => isExperiment(rollout)),
    isUsedBySegment: () => false,
  },
  {
    use: "lists of members that are not in the archive (big segments)",
    hint: "Nobody belongs to them here, but for contexts that match a rule of theirs",
    isUsedByFlag: () => false,
    isUsedBySegment: ({ unbounded }) => unbounded === true,
  },
];

/** A feature that depends on what else there is. */
const NESTED_SEGMENTS: Pick<Feature, "use" | "hint"> = { use: "segments in segments", hint: SINCE_CONTEXTS };

/** Counts what the flags and segments of an environment use. */
export class SdkFeatures {
  readonly #counts = FEATURES.map((feature) => ({ feature, flags: 0, segments: 0 }));

  /**
   * Adds a flag or a segment. It is not kept.
   *
   * @param kind Its kind.
   * @param item The item; no tombstone.
   */
  add(kind: "flags" | "segments", item: Flag | Segment): void {
    for (const counted of this.#counts) {
      const { feature } = counted;
      const isUsed = kind === "flags"
        ? feature.isUsedByFlag(item as Flag)
        : feature.isUsedBySegment(item as Segment);
      if (isUsed) counted[kind]++;
    }
  }

  /**
   * Adds a finding for each feature that is used.
   *
   * @param entry The environment's entry.
   * @param nesting Number of segments that ask other ones.
   */
  inspect(entry: Entry, nesting: number): void {
    const nested = { feature: NESTED_SEGMENTS, flags: 0, segments: nesting };
    for (const { feature: { use, hint }, flags, segments } of [...this.#counts, nested]) {
      if (flags + segments === 0) continue;
      const users = [[flags, "flag"], [segments, "segment"]] as const;
      const who = users.flatMap(([number, what]) => number === 0 ? [] : [count(number, what)]).join(" and ");
      entry.add("info", `${who} ${flags + segments === 1 ? "uses" : "use"} ${use}`, hint);
    }
  }
}

function isNewKind(kind: string | null | undefined): boolean {
  return !!kind && kind !== "user" && isContextKind(kind);
}

/** Reports whether an attribute is read by a path, which it is only beside a kind. */
function isPath(attribute: string | null | undefined, kind: string | null | undefined): boolean {
  return !!kind && !!attribute?.startsWith("/") && isAttributeReference(attribute, kind);
}

function isOfContexts({ contextKind, attribute }: Clause): boolean {
  return isNewKind(contextKind) || isPath(attribute, contextKind);
}

function hasContexts(rollout: Rollout | null | undefined): boolean {
  return isNewKind(rollout?.contextKind) || isPath(rollout?.bucketBy, rollout?.contextKind);
}

function isExperiment(rollout: Rollout | null | undefined): boolean {
  return rollout?.kind === "experiment";
}
