import type { Reason } from "../evaluation/mod.ts";
import { formatValue } from "./words.ts";

const KINDS: Readonly<Record<Reason["kind"], string>> = {
  OFF: "the flag is off",
  FALLTHROUGH: "no rule matches",
  TARGET_MATCH: "targeted by key",
  RULE_MATCH: "a rule matches",
  PREREQUISITE_FAILED: "a prerequisite is not met",
  ERROR: "cannot be evaluated",
};

/**
 * Describes a reason in plain words, for who does not know those of the SDKs.
 *
 * @param reason The reason.
 * @returns The words, e.g. `rule 2 "beta" matches; in experiment`.
 */
export function describeReason(reason: Reason): string {
  const { ruleIndex, ruleId, prerequisiteKey, errorKind, inExperiment, bigSegmentsStatus } = reason;
  const main = ruleIndex !== undefined
    ? `rule ${ruleIndex + 1}${ruleId ? ` ${formatValue(ruleId)}` : ""} matches`
    : prerequisiteKey !== undefined
    ? `prerequisite ${formatValue(prerequisiteKey)} is not met`
    : KINDS[reason.kind];
  return [
    main,
    errorKind === "MALFORMED_FLAG" ? "the flag is malformed" : errorKind ? "it takes too many steps" : "",
    inExperiment ? "in experiment" : "",
    bigSegmentsStatus ? "big segment unknown offline" : "",
    reason.overrideAffected ? "affected by overrides" : "",
  ].filter(Boolean).join("; ");
}
