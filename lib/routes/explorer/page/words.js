// Words for what the API answers, the same as those that the commands print. Pure.

/** Longest value that is shown whole in a line: characters. */
const MAX_VALUE_LENGTH = 60;

/** Most elements of a list that are shown. */
const MAX_LISTED = 10;

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes what a person could not see or would see in another order, as JSON does. */
export function visible(text) {
  return String(text).replace(INVISIBLE, escapeCharacter);
}

/** The same for text of several lines. */
export function visibleLines(text) {
  return String(text).replace(INVISIBLE, (one) => one === "\n" ? one : escapeCharacter(one));
}

function escapeCharacter(character) {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** Formats a value as JSON in one line; cut, it ends with an ellipsis. */
export function formatValue(value, maxLength = MAX_VALUE_LENGTH) {
  const text = JSON.stringify(value);
  return visible(text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text);
}

function formatList(elements, format) {
  const shown = elements.slice(0, MAX_LISTED).map((element) => format(element)).join(", ");
  const rest = elements.length - MAX_LISTED;
  return rest > 0 ? `${shown} (and ${rest} more)` : shown;
}

function formatName(name) {
  return name.length <= MAX_VALUE_LENGTH && /^[\w-]+$/.test(name) ? name : formatValue(name);
}

/** Counts things, e.g. "1 flag", "2 flags". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Operators: words for a match, for no match, and what their values are called. */
const OPERATORS = {
  in: ["is", "is not"],
  startsWith: ["starts with", "does not start with"],
  endsWith: ["ends with", "does not end with"],
  contains: ["contains", "does not contain"],
  matches: ["matches", "does not match", "pattern"],
  lessThan: ["<", "is not <"],
  lessThanOrEqual: ["<=", "is not <="],
  greaterThan: [">", "is not >"],
  greaterThanOrEqual: [">=", "is not >="],
  before: ["is before", "is not before"],
  after: ["is after", "is not after"],
  semVerEqual: ["is", "is not", "version"],
  semVerLessThan: ["is below", "is not below", "version"],
  semVerGreaterThan: ["is above", "is not above", "version"],
  segmentMatch: ["is in", "is not in", "segment"],
};

function wordsOf(op) {
  const name = op ?? "";
  if (Object.hasOwn(OPERATORS, name)) return OPERATORS[name];
  const unknown = `unknown operator ${formatValue(name)} with`;
  return [`meets ${unknown}`, `does not meet ${unknown}`];
}

/** Describes a clause, e.g. `user.country is one of "DE", "AT"`. */
export function describeClause({ op, values: given, negate, contextKind, attribute }) {
  const values = given ?? [];
  const [match, noMatch, noun] = wordsOf(op);
  const subject = op === "segmentMatch"
    ? "context"
    : attribute === "kind"
    ? "context kind"
    : describeAttribute(contextKind, attribute);
  const isEquality = op === "in" || op === "semVerEqual";
  const amount = values.length === 0
    ? `one of no ${noun ?? "value"}s`
    : `${negate && !isEquality ? "any" : "one"} of${noun ? ` the ${noun}s` : ""}`;
  const format = op === "before" || op === "after" ? formatDate : (value) => formatValue(value);
  return [
    `${subject} ${negate ? noMatch : match}`,
    ...values.length === 1 ? noun ? [noun] : [] : [amount],
    ...values.length > 0 ? [formatList(values, format)] : [],
  ].join(" ");
}

function formatDate(value) {
  const date = new Date(typeof value === "number" ? value : NaN);
  return Number.isNaN(date.getTime()) ? formatValue(value) : `${value} (${date.toISOString()})`;
}

/** Describes an attribute of a context, e.g. `device.load.percent`. */
export function describeAttribute(contextKind, attribute) {
  const kind = formatName(contextKind || "user");
  const path = parseReference(attribute, contextKind);
  if (path === null) return `${kind}.${formatValue(attribute ?? "")} (malformed)`;
  return [kind, ...path.map(formatName)].join(".");
}

function parseReference(text, contextKind) {
  if (!text) return null;
  if (!contextKind || !text.startsWith("/")) return [text];
  if (/\/(?:\/|$)|~(?![01])/.test(text)) return null;
  return text.slice(1).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

const REASONS = {
  OFF: "the flag is off",
  FALLTHROUGH: "no rule matches",
  TARGET_MATCH: "targeted by key",
  RULE_MATCH: "a rule matches",
  PREREQUISITE_FAILED: "a prerequisite is not met",
  ERROR: "cannot be evaluated",
};

/** Describes a reason in plain words. */
export function describeReason(reason) {
  const { kind, ruleIndex, ruleId, prerequisiteKey, errorKind } = reason;
  const main = ruleIndex !== undefined
    ? `rule ${ruleIndex + 1}${ruleId ? ` ${formatValue(ruleId)}` : ""} matches`
    : prerequisiteKey !== undefined
    ? `prerequisite ${formatValue(prerequisiteKey)} is not met`
    : REASONS[kind] ?? kind;
  return [
    main,
    ...errorKind
      ? [errorKind === "MALFORMED_FLAG" ? "the flag is malformed" : "it takes too many steps"]
      : [],
    ...reason.inExperiment ? ["in experiment"] : [],
    ...reason.bigSegmentsStatus ? ["big segment unknown offline"] : [],
    ...reason.overrideAffected ? ["affected by overrides"] : [],
  ].join("; ");
}

/** Describes what has to change for a wanted value. */
export function describeWant({ changes, why }) {
  if (changes === null) return why;
  if (changes.length === 0) return "nothing has to change";
  return changes.map(({ kind, attribute, value }) =>
    `${value === null ? "no " : ""}${describeAttribute(kind, attribute)}${
      value === null ? "" : ` = ${formatValue(value)}`
    }`
  ).join(", ");
}

const FROM_OVERRIDES = "from the overrides file";
const BY_OVERRIDES = "deleted by the overrides file";

/** Describes a trace line by line: depth, step, question, answer, verdict. */
export function describeTrace({ steps, isOverridden }) {
  const [first, ...others] = listSteps(steps, 0);
  const answer = [first.answer, ...isOverridden ? [`the flag comes ${FROM_OVERRIDES}`] : []];
  return [{ ...first, answer: answer.filter(Boolean).join("; ") }, ...others];
}

function* listSteps(steps, depth) {
  for (const step of steps) {
    const { verdict } = step;
    switch (step.type) {
      case "on": {
        const off = step.off
          ? `serves ${describeServed(step.off)}`
          : "serves null: there is no off variation";
        yield { depth, step: "on", question: "", answer: verdict === "no" ? `off ${off}` : "", verdict };
        break;
      }
      case "prerequisite":
        yield* listPrerequisite(step, depth);
        break;
      case "target": {
        const { contextKind, count, actual } = step;
        const question = `${contextKind} is one of ${count} ${count === 1 ? "key" : "keys"} SERVE ${
          describeServed(step)
        }`;
        yield { depth, step: "target", question, answer: describeActual(actual), verdict };
        break;
      }
      case "rule": {
        const { index, id, clauses, served } = step;
        const name = `rule ${index + 1}${id ? ` ${JSON.stringify(id)}` : ""}`;
        yield { depth, step: name, question: describeOutcome(served), answer: "", verdict };
        yield* listClauses(clauses, verdict, depth + 1);
        yield* listRollout(served, verdict, depth + 1);
        break;
      }
      case "fallthrough":
        yield { depth, step: "fallthrough", question: describeOutcome(step.served), answer: "", verdict };
        yield* listRollout(step.served, verdict, depth + 1);
    }
  }
}

const PREREQUISITE_PROBLEMS = {
  missing: "there is no such flag",
  off: "it is off",
  cycle: "it refers back to this flag",
  "too deep": "the chain of prerequisites is too long",
  error: "it cannot be evaluated",
};

function* listPrerequisite({ key, wanted, actual, problem, verdict, isOverridden, trace }, depth) {
  const answer = [
    ...actual ? [`actual ${formatValue(actual.value)}`] : [],
    ...problem ? [PREREQUISITE_PROBLEMS[problem]] : [],
    ...isOverridden ? [problem === "missing" ? BY_OVERRIDES : FROM_OVERRIDES] : [],
  ].join("; ");
  const value = problem === "missing" ? `variation ${wanted.variation}` : describeServed(wanted);
  yield { depth, step: "prerequisite", question: `${key} = ${value}`, answer, verdict };
  if (trace) yield* listSteps(trace.steps, depth + 1);
}

function* listClauses(clauses, ofRule, depth) {
  for (const [i, { clause, actual, segments, verdict, errorKind }] of clauses.entries()) {
    const answer = errorKind === "EXCEPTION"
      ? "takes too many steps"
      : errorKind
      ? "malformed"
      : clause.op === "segmentMatch"
      ? ""
      : describeActual(actual);
    yield { depth, step: i === 0 ? "if" : "and", question: describeClause(clause), answer, verdict };
    for (const segment of segments ?? []) yield* listSegment(segment, depth + 1);
  }
  if (clauses.length === 0) {
    const verdict = ofRule === "not reached" ? ofRule : "yes";
    yield { depth, step: "if", question: "always: it has no clauses", answer: "", verdict };
  }
}

const SEGMENT_REASONS = {
  included: "included by its key",
  excluded: "excluded by its key",
  rule: "by a rule",
  nothing: "not listed, and no rule matches",
  missing: "there is no such segment",
  "big segment": "no rule matches",
  cycle: "it refers back to itself",
  "too deep": "the chain of segments is too long",
};

function* listSegment({ key, by, rules, membersUnknown, isOverridden, verdict }, depth) {
  const answer = [
    ...by ? [SEGMENT_REASONS[by]] : [],
    ...membersUnknown ? ["members of a big segment are unknown offline"] : [],
    ...isOverridden ? [by === "missing" ? BY_OVERRIDES : FROM_OVERRIDES] : [],
  ].join("; ");
  yield { depth, step: "segment", question: key, answer, verdict };
  for (const { index, clauses, bucket, verdict } of rules ?? []) {
    yield { depth: depth + 1, step: `rule ${index + 1}`, question: "", answer: "", verdict };
    yield* listClauses(clauses, verdict, depth + 2);
    const isReached = verdict !== "not reached" && clauses.every(({ verdict }) => verdict === "yes");
    if (bucket) yield describeShare(bucket, isReached ? verdict : "not reached", depth + 2);
  }
}

function describeShare(trace, verdict, depth) {
  const { share, contextKind, attribute, bucket } = trace;
  const without = verdict === "no" ? `${describeAttribute(contextKind, "key")} absent` : "";
  return {
    depth,
    step: "share",
    question: `${Number((100 * share).toFixed(3))}% by ${describeAttribute(contextKind, attribute)}`,
    answer: bucket === null ? without : describeBucket(trace, bucket),
    verdict,
  };
}

function* listRollout({ rollout }, verdict, depth) {
  if (!rollout) return;
  const { kind, contextKind, attribute, actual, bucket, ranges, chosen } = rollout;
  const by = describeAttribute(contextKind, attribute);
  const isOutside = kind === "experiment" && bucket !== null && actual === null;
  const answer = bucket === null
    ? ""
    : `${describeBucket(rollout, bucket)}${isOutside ? "; not part of the experiment" : ""}`;
  let end = 0;
  for (const [i, range] of ranges.entries()) {
    const start = end;
    // The evaluator never gets to what is past 1, and the last one gets what the weights leave.
    end = i === ranges.length - 1 ? 1 : Math.max(start, Math.min(range.to, 1));
    const tracked = range.untracked ? ", not part of the experiment" : "";
    yield {
      depth,
      step: i === 0 ? kind : "",
      question: `${formatBucket(start)}–${formatBucket(end)} by ${by} SERVE ${
        describeServed(range)
      }${tracked}`,
      answer,
      verdict: verdict !== "yes" ? "not reached" : bucket === null ? "error" : i === chosen ? "yes" : "no",
    };
  }
}

function describeBucket({ attribute, actual }, bucket) {
  const where = `bucket ${formatBucket(bucket)}`;
  if (actual === null) return `${where}: absent`;
  const isHashed = typeof actual === "string" || Number.isInteger(actual);
  if (!isHashed) return `${where}: actual ${formatValue(actual)} is no string or integer`;
  return attribute === "key" ? where : `${where}: actual ${formatValue(actual)}`;
}

function describeOutcome(served) {
  return served.rollout ? "" : `SERVE ${describeServed(served)}`;
}

function describeServed({ variation, value }) {
  if (variation === undefined) return "nothing: malformed";
  return value === undefined ? `variation ${variation}, which does not exist` : formatValue(value);
}

function describeActual(actual) {
  return actual === null ? "absent" : `actual ${formatValue(actual)}`;
}

function formatBucket(bucket) {
  return bucket.toFixed(5);
}
