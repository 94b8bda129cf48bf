import type { JsonValue } from "../model/mod.ts";
import { formatList, formatName, formatText, formatValue } from "./_format.ts";

/** Equal characters that are shown before those that differ. */
const CONTEXT_LENGTH = 20;

/** Fields of an object whose changes have words of their own. */
export interface Aspect<T> {
  /** The fields. */
  fields: readonly (keyof T & string)[];
  /** Describes what changed in them, as far as there are words for it. */
  describe(before: T, after: T): Iterable<string>;
}

/** Most lines about one changed item. A rewritten flag is better read as a whole. @limit lines: one more says that there is more */
const MAX_LINES = 50;

/** Describes what changed in an item; at least one line. */
export function describeChanges<T extends object>(
  before: T,
  after: T,
  aspects: readonly Aspect<T>[],
): string[] {
  const lines = [...listChanges(before, after, aspects).take(MAX_LINES + 1)];
  if (lines.length === 0) return ["the same values, written otherwise"];
  return lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), "and more"] : lines;
}

/**
 * Lists what changed in an object: fields in the order of the aspects, then all others. What an aspect has no words for is said by
 * JSON path.
 */
export function* listChanges<T extends object>(
  before: T,
  after: T,
  aspects: readonly Aspect<T>[],
  path = "",
): Generator<string> {
  const others = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const { fields, describe } of aspects) {
    for (const field of fields) others.delete(field);
    const changed = fields.filter((field) => !isEqual(get(before, field), get(after, field)));
    if (changed.length === 0) continue;
    let isDescribed = false;
    for (const line of describe(before, after)) {
      isDescribed = true;
      yield line;
    }
    if (!isDescribed) yield* listFields(before, after, changed, path);
  }
  yield* listFields(before, after, others, path);
}

/** Reports whether two JSON values are equal, whatever the order of members. */
export function isEqual(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === other) return true;
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => isEqual(get(one, name), get(other, name)));
}

function* listFields(
  before: object,
  after: object,
  fields: Iterable<string>,
  path: string,
): Generator<string> {
  for (const field of fields) {
    yield* listDifferences(get(before, field), get(after, field), join(path, field, false));
  }
}

/** Lists the values that differ, e.g. `rules[0].trackEvents: false → true`. */
function* listDifferences(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: string,
): Generator<string> {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after) && isReordered(before, after)) {
    yield `${path} reordered: ${describeReplacement(before, after)}`;
  } else if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* listDifferences(get(before, name), get(after, name), join(path, name, Array.isArray(before)));
    }
  } else if (before === undefined) {
    yield `${path} added: ${formatValue(after!)}`;
  } else if (after === undefined) {
    yield `${path} removed, was ${formatValue(before)}`;
  } else {
    yield `${path}: ${describeReplacement(before, after)}`;
  }
}

/** Reports whether two lists have the same elements, but not in the same order. */
function isReordered(before: JsonValue[], after: JsonValue[]): boolean {
  if (before.length !== after.length) return false;
  const [old, now] = [before, after].map((list) => list.map((element) => JSON.stringify(element)));
  return old!.some((element, i) => element !== now![i]) && isEqual(old!.sort(), now!.sort());
}

/** Describes how a value changed; of values that are cut, the part that differs. */
function describeReplacement(before: JsonValue, after: JsonValue): string {
  const [old, now] = [formatValue(before), formatValue(after)];
  if (old !== now) return `${old} → ${now}`;
  const [oldJson, nowJson] = [JSON.stringify(before), JSON.stringify(after)];
  let start = 0;
  while (oldJson[start] === nowJson[start]) start++;
  return [oldJson, nowJson].map((json) => `…${formatText(json.slice(Math.max(0, start - CONTEXT_LENGTH)))}`)
    .join(" → ");
}

/** Describes how a set changed, e.g. `2 added ("a", "b"), 1 removed ("c")`; `undefined` when it did not. */
export function describeSetChange(
  before: Iterable<JsonValue>,
  after: Iterable<JsonValue>,
): string | undefined {
  const [old, now] = [new Set(before), new Set(after)];
  const changes = [[now.difference(old), "added"], [old.difference(now), "removed"]] as const;
  const words = changes.filter(([values]) => values.size > 0)
    .map(([values, verb]) => `${values.size} ${verb}: ${formatList([...values], formatValue)}`);
  return words.length > 0 ? words.join("; ") : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonValue[] | Record<string, JsonValue> {
  return typeof value === "object" && value !== null;
}

function get(object: object, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? (object as Record<string, JsonValue>)[name] : undefined;
}

function join(path: string, name: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${name}]`;
  return path === "" ? formatName(name) : `${path}.${formatName(name)}`;
}
