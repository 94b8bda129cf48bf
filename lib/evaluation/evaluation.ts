import type { Flag, JsonValue } from "../model/mod.ts";
import type { Digest } from "./_digest.ts";

/**
 * Longest list of prerequisites with which evaluations and their texts are kept. What has a longer one is made anew each time: a flag with
 * n prerequisites that can fail, or n rules after them, would take memory for n² keys.
 */
export const KEPT_PREREQUISITES = 16;

/** Kind of an evaluation error; the names are LaunchDarkly's. */
export type ErrorKind = "MALFORMED_FLAG" | "EXCEPTION";

/** Reason of an evaluation; names and order of the fields are LaunchDarkly's. */
export interface Reason {
  /** Kind of the reason. */
  kind: "OFF" | "FALLTHROUGH" | "TARGET_MATCH" | "RULE_MATCH" | "PREREQUISITE_FAILED" | "ERROR";
  /** Position of the rule that matched. */
  ruleIndex?: number;
  /** Identifier of the rule that matched, if it has one. */
  ruleId?: string;
  /** Key of the prerequisite that was not met. */
  prerequisiteKey?: string;
  /** Kind of the error: in the flag's data, or a limit reached by evaluating it. */
  errorKind?: ErrorKind;
  /** Set when the context is part of an experiment. */
  inExperiment?: true;
  /** Set when a big segment was referred to: an archive does not have their members. */
  bigSegmentsStatus?: "NOT_CONFIGURED";
  /** Set when the flag, or a prerequisite or segment that it reaches at any depth, comes from overrides and not from the archive. */
  overrideAffected?: true;
}

/** Evaluation of a flag for a context. Most are made when the flag is compiled and shared by all contexts: do not change them. */
export interface Evaluation {
  /** The flag. */
  readonly flag: Flag;
  /** Position of the value among the flag's variations; null when it is none of them. */
  readonly variation: number | null;
  /** The value; null when the flag is off and has no off variation, or is malformed. */
  readonly value: JsonValue;
  /** Reason of the value. */
  readonly reason: Reason;
  /** Whether LaunchDarkly counts it as an experiment's: clients then track the value and the reason. */
  readonly experiment: boolean;
  /** Keys of the flag's own prerequisites that were evaluated, in order. */
  readonly prerequisites: readonly string[];
  /** Whether no flag that has this one as a prerequisite can be evaluated either. */
  readonly isFatal: boolean;
  /**
   * Writes its texts.
   * @internal
   */
  readonly factory: EvaluationFactory;
  /**
   * Its texts, if they have been written and are kept: most evaluations of a flag with many rules are never sent.
   * @internal
   */
  texts: EvaluationTexts | null;
}

/** What clients receive of an evaluation: a member of a JSON object, with a comma before it. */
export interface EvaluationTexts {
  /** The member; without the reason unless it is an experiment's. */
  readonly member: string;
  /** The member with the reason, up to the reason. */
  readonly memberStart: string;
  /** The rest of it. */
  readonly memberEnd: string;
  /** Digest of the member, computed on first use. */
  digest: Digest | null;
  /** Digest of the member with the reason, likewise. */
  digestWithReason: Digest | null;
}

/** Makes the evaluations of one flag. Their texts are shared where they are the same, or memory would be mostly texts. */
export class EvaluationFactory {
  readonly #flag: Flag;
  readonly #isAffected: boolean;
  readonly #texts = new Map<string, string>();

  /** @param compiled The flag, and whether overrides affect it. */
  constructor({ flag, isAffected }: { flag: Flag; isAffected: boolean }) {
    this.#flag = flag;
    this.#isAffected = isAffected;
  }

  /**
   * Makes an evaluation.
   *
   * @param variation Index of the variation, null for a null value; one that the flag does not have makes it malformed.
   * @param why Reason of the value.
   * @param prerequisites Keys of the prerequisites evaluated before.
   * @param isFatal Whether no flag that has this one as a prerequisite can be evaluated either. @default {false}
   * @returns The evaluation.
   */
  make(
    variation: number | null,
    why: Reason,
    prerequisites: readonly string[],
    isFatal = false,
  ): Evaluation {
    const flag = this.#flag;
    const reason: Reason = this.#isAffected ? { ...why, overrideAffected: true } : why;
    const value = variation === null ? null : flag.variations?.[variation];
    if (value === undefined) return this.makeMalformed(prerequisites);
    const experiment = isExperiment(flag, reason);
    return { flag, variation, value, reason, experiment, prerequisites, isFatal, factory: this, texts: null };
  }

  /**
   * Writes the texts of an evaluation, and keeps them there unless its prerequisites are too many.
   *
   * @param evaluation The evaluation, one of this factory's.
   * @returns Its texts.
   */
  write(evaluation: Evaluation): EvaluationTexts {
    const { variation, value, reason, experiment, prerequisites } = evaluation;
    const { key, version, trackEvents, debugEventsUntilDate } = this.#flag;
    const memberStart = this.#share(`${variation} ${experiment}`, () => [
      `,${JSON.stringify(key)}:{"value":${
        JSON.stringify(value)
      },"variation":${variation},"version":${version}`,
      trackEvents || experiment ? ',"trackEvents":true' : "",
      experiment ? ',"trackReason":true' : "",
    ]);
    const end = (debugEventsUntilDate ? `,"debugEventsUntilDate":${debugEventsUntilDate}` : "") +
      (prerequisites.length > 0 ? `,"prerequisites":${JSON.stringify(prerequisites)}` : "") + "}";
    const memberEnd = [`,"reason":`, JSON.stringify(reason), end].join("");
    const parts = [memberStart, experiment ? memberEnd : end];
    const isKept = prerequisites.length <= KEPT_PREREQUISITES;
    const member = isKept ? this.#share(`${variation} ${parts[1]}`, () => parts) : parts.join("");
    const texts = { member, memberStart, memberEnd, digest: null, digestWithReason: null };
    if (isKept) evaluation.texts = texts;
    return texts;
  }

  /**
   * Makes the evaluation to the off variation.
   *
   * @param reason Reason of the value.
   * @param prerequisites Keys of the prerequisites evaluated before.
   * @returns The evaluation; its value is null when the flag has no off variation.
   */
  makeOff(reason: Reason, prerequisites: readonly string[]): Evaluation {
    return this.make(this.#flag.offVariation ?? null, reason, prerequisites);
  }

  /**
   * Makes the evaluation to a variation that the flag does not have. As a prerequisite, it is not met.
   *
   * @param prerequisites Keys of the prerequisites evaluated before.
   * @returns The evaluation.
   */
  makeMalformed(prerequisites: readonly string[]): Evaluation {
    return this.make(null, { kind: "ERROR", errorKind: "MALFORMED_FLAG" }, prerequisites);
  }

  /**
   * Makes the evaluation of a flag that cannot be evaluated, nor can those that have it as a prerequisite.
   *
   * @param errorKind Kind of the error.
   * @param prerequisites Keys of the prerequisites evaluated before.
   * @returns The evaluation.
   */
  makeFatal(errorKind: ErrorKind, prerequisites: readonly string[]): Evaluation {
    return this.make(null, { kind: "ERROR", errorKind }, prerequisites, true);
  }

  /** Returns one text per name. It joins, because `+` makes a tree of the parts, slower to read. */
  #share(name: string, write: () => string[]): string {
    let text = this.#texts.get(name);
    if (text === undefined) this.#texts.set(name, text = write().join(""));
    return text;
  }
}

/** Reports whether LaunchDarkly counts it as an experiment: newer ones are marked in the rollout, older ones on the flag or rule. */
function isExperiment({ trackEventsFallthrough, rules }: Flag, reason: Reason): boolean {
  if (reason.inExperiment) return true;
  if (reason.kind === "FALLTHROUGH") return trackEventsFallthrough ?? false;
  return reason.kind === "RULE_MATCH" && (rules?.[reason.ruleIndex!]?.trackEvents ?? false);
}
