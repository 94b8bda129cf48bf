import type { Evaluation } from "../../evaluation/mod.ts";
import type { VariationOrRollout } from "../../model/mod.ts";
import { OfrepError } from "./ofrep_error.ts";

/** Headers of a result that stands alone. */
export const JSON_HEADERS = { "content-type": "application/json" };

/** Words for the reasons of values: OpenFeature's, or LaunchDarkly's as its own OpenFeature providers send them. */
export type ReasonDialect = "openfeature" | "launchdarkly";

/** Formats an evaluation as an item of OFREP: JSON, a success or a failure. */
export type FormatResult = (evaluation: Evaluation) => string;

/**
 * Creates the function that formats evaluations. Most evaluations are shared by all contexts, so their texts are kept.
 *
 * @param dialect Words for reasons.
 * @returns The function.
 */
export function createFormat(dialect: ReasonDialect): FormatResult {
  const texts = new WeakMap<Evaluation, string>();
  return (evaluation) => texts.getOrInsertComputed(evaluation, () => format(evaluation, dialect));
}

/**
 * Finds out whether an evaluation failed.
 *
 * @param evaluation The evaluation.
 * @returns The error; `undefined` when it gave a value, or that there is none.
 */
export function findError({ reason }: Evaluation): OfrepError | undefined {
  if (reason.kind !== "ERROR") return undefined;
  return reason.errorKind === "MALFORMED_FLAG"
    ? new OfrepError("PARSE_ERROR", "The flag is malformed")
    : new OfrepError("GENERAL", "Evaluating the flag takes too many steps, or it is nested too deep");
}

/** Order and names of the fields are OFREP's. Without a value, clients take the default in the code. */
function format(evaluation: Evaluation, dialect: ReasonDialect): string {
  const { flag: { key }, value, variation } = evaluation;
  const error = findError(evaluation);
  if (error) return formatFailure(error, key);
  return JSON.stringify({
    key,
    ...value !== null && { value },
    reason: dialect === "openfeature" ? nameReason(evaluation) : evaluation.reason.kind,
    ...variation !== null && { variant: `${variation}` },
    metadata: describe(evaluation),
  });
}

/**
 * Answers with an error.
 *
 * @param error The error.
 * @param key Key of the flag, if it is about one.
 * @returns The answer.
 */
export function respondWithError(error: OfrepError, key?: string): Response {
  return new Response(formatFailure(error, key), { status: error.status, headers: JSON_HEADERS });
}

function formatFailure({ code, message }: OfrepError, key?: string): string {
  return JSON.stringify({ ...key !== undefined && { key }, errorCode: code, errorDetails: message });
}

function nameReason({ reason, flag }: Evaluation): string {
  switch (reason.kind) {
    case "OFF":
      return "DISABLED";
    case "FALLTHROUGH":
      return isSplit(flag.fallthrough) ? "SPLIT" : "STATIC";
    case "RULE_MATCH":
      return isSplit(flag.rules?.[reason.ruleIndex!]) ? "SPLIT" : "TARGETING_MATCH";
    case "TARGET_MATCH":
      return "TARGETING_MATCH";
    default:
      return "UNKNOWN";
  }
}

function isSplit(served: VariationOrRollout | null | undefined): boolean {
  return (served?.variation ?? undefined) === undefined && !!served?.rollout;
}

/** What LaunchDarkly says of an evaluation: scalars, since clients drop all else. */
function describe({ flag: { version }, reason }: Evaluation): Record<string, string | number | boolean> {
  const { kind, bigSegmentsStatus: _, errorKind: __, ...rest } = reason;
  return { version, ldReason: kind, ...rest };
}
