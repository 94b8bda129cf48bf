import type { Rollout, VariationOrRollout } from "../model/mod.ts";
import { inspectKind, inspectReference } from "./_check_names.ts";
import type { OnFinding } from "./_entry.ts";
import { WHOLE } from "./_format.ts";
import { quote } from "./_phrases.ts";

/** Hint for weights. */
const CORRECT_WEIGHTS = "Correct the weights so that they add up to 100000";

/**
 * Finds what is wrong with the rollout that a rule or the fallthrough serves.
 *
 * @param served The rule or the fallthrough.
 * @param path Its path.
 * @param onFinding Receiver of findings.
 * @param cuts Paths of numbers whose fraction was cut, which is a finding already.
 */
export function inspectServed(
  { variation, rollout }: VariationOrRollout,
  path: string,
  onFinding: OnFinding,
  cuts: ReadonlySet<string>,
): void {
  if (!rollout?.variations?.length) return;
  const at = `${path}.rollout`;
  if (typeof variation === "number") {
    onFinding("warning", at, `counts for nobody, since there is "${path}.variation"`, "Leave one out");
    return;
  }
  const { kind, contextKind, bucketBy } = rollout;
  if (kind && kind !== "rollout" && kind !== "experiment") {
    const problem = `is ${quote(kind)}, neither "rollout" nor "experiment": it counts as "rollout"`;
    onFinding("warning", `${at}.kind`, problem, "Correct it in LaunchDarkly");
  }
  inspectKind(contextKind, `${at}.contextKind`, onFinding);
  inspectReference(bucketBy, contextKind, `${at}.bucketBy`, onFinding);
  inspectWeights(rollout, at, onFinding, cuts);
}

function inspectWeights(
  { variations }: Rollout,
  path: string,
  onFinding: OnFinding,
  cuts: ReadonlySet<string>,
): void {
  const weights = (variations ?? []).map(({ weight }) => weight ?? 0);
  const negative = weights.findIndex((weight) => weight < 0);
  if (negative >= 0) {
    const at = `${path}.variations[${negative}].weight`;
    const problem = `is ${weights[negative]}: a weight is 0 to ${WHOLE}`;
    return onFinding("warning", at, problem, CORRECT_WEIGHTS);
  }
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  const cut = weights.filter((_, i) => cuts.has(`${path}.variations[${i}].weight`)).length;
  // A fraction that was cut took less than one from the sum.
  if (sum === WHOLE || sum < WHOLE && WHOLE - sum < cut) return;
  const effect = sum < WHOLE ? "the last variation gets the rest too" : "what is past that is never served";
  const problem = `has weights that add up to ${sum}, not ${WHOLE} (thousandths of a percent): ${effect}`;
  onFinding("warning", `${path}.variations`, problem, CORRECT_WEIGHTS);
}
