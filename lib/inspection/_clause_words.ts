import { type Clause, type JsonValue, parseAttributeReference } from "../model/mod.ts";
import { formatList, formatName, formatValue } from "./_format.ts";

/** Words of an operator: for a match, for no match, and what its values are called. */
type OperatorWords = readonly [match: string, noMatch: string, noun?: string];

const OPERATORS: Readonly<Record<string, OperatorWords>> = {
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

/**
 * Describes a clause, e.g. `user.country is one of "DE", "AT"`.
 *
 * @param clause The clause.
 * @returns One line.
 */
export function describeClause(clause: Clause): string {
  const values = clause.values ?? [];
  const noun = getWords(clause)[2];
  const format = clause.op === "before" || clause.op === "after" ? formatDate : formatValue;
  return [
    describeTest(clause),
    ...values.length === 1 ? noun ? [noun] : [] : [describeAmount(clause, noun)],
    ...values.length > 0 ? [formatList(values, format)] : [],
  ].join(" ");
}

/** Words between the test and several values, or none. "Does not contain one of" could mean that it contains another one. */
function describeAmount({ op, values, negate }: Clause, noun: string | undefined): string {
  if (!values?.length) return `one of no ${noun ?? "value"}s`;
  const isEquality = op === "in" || op === "semVerEqual";
  return `${negate && !isEquality ? "any" : "one"} of${noun ? ` the ${noun}s` : ""}`;
}

/** Describes what a clause tests without the values that it compares with, e.g. `user.country is`. */
export function describeTest(clause: Clause): string {
  const [match, noMatch] = getWords(clause);
  return `${describeSubject(clause)} ${clause.negate ? noMatch : match}`;
}

/** Describes an attribute of a context, e.g. `device.load.percent`. */
export function describeAttribute(
  contextKind: string | null | undefined,
  attribute: string | null | undefined,
): string {
  const kind = formatName(contextKind || "user");
  const path = parseAttributeReference(attribute, contextKind);
  if (path === null) return `${kind}.${formatValue(attribute ?? "")} (malformed)`;
  return [kind, ...path.map(formatName)].join(".");
}

function getWords({ op }: Clause): OperatorWords {
  const name = op ?? "";
  if (Object.hasOwn(OPERATORS, name)) return OPERATORS[name]!;
  const unknown = `unknown operator ${formatValue(name)} with`;
  return [`meets ${unknown}`, `does not meet ${unknown}`];
}

/** Segments and kinds are of the context as a whole, whatever kind the clause names. */
function describeSubject({ op, contextKind, attribute }: Clause): string {
  if (op === "segmentMatch") return "context";
  return attribute === "kind" ? "context kind" : describeAttribute(contextKind, attribute);
}

function formatDate(value: JsonValue): string {
  const date = new Date(typeof value === "number" ? value : NaN);
  return Number.isNaN(date.getTime()) ? formatValue(value) : `${value} (${date.toISOString()})`;
}
