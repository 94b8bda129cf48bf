import {
  compact,
  decode,
  hasInfinity,
  isObject,
  JsonError,
  type JsonRange,
  listMembers,
  parseJson,
  skipSpace,
  type Value,
} from "./_json.ts";
import { MAX_ITEM_DEPTH } from "./_limits.ts";

/** Content of a flag or a segment: parsed, not checked; or left out when served; or with a fault for which all is refused. */
export type RawContent =
  | {
    /** Parsed JSON. */
    value: unknown;
    /** JSON without white space outside strings. */
    text: string;
    /** Whether `JSON.stringify` writes it like that. */
    isCanonical: boolean;
  }
  | {
    /** Reason why it is left out: the rest of a sentence. */
    omission: string;
  }
  | {
    /** Fault. */
    fault: JsonError;
  };

/** A value of a map in a file. */
export type RawEntry = RawContent & {
  /** Key in the map that lists it. */
  key: string;
  /** Offset of its first byte in the file. */
  start: number;
  /** Offset past its last byte, white space behind it included. */
  end: number;
};

/** A flag or a segment as a data file has it. */
export type RawItem = RawEntry & {
  /** Its kind. */
  kind: "flags" | "segments";
};

/**
 * Scans the data file of an environment, one item at a time: only the one that was asked for is in memory as a value.
 *
 * @param json Content of `<id>-data.json`.
 * @returns Flags, then segments, each in ascending order of their keys' code units.
 * @throws {JsonError} When the file is not JSON outside of flags and segments, or not an object of objects.
 */
export function* scanItems(json: Uint8Array): Generator<RawItem> {
  const kinds = scanKinds(json);
  for (const kind of ["flags", "segments"] as const) {
    const members = kinds.get(kind);
    if (!members || !isObject(json, members)) continue;
    for (const entry of scanEntries(json, kind, members)) yield { kind, ...entry };
  }
}

/**
 * Scans a map, one value at a time.
 *
 * @param json The file.
 * @param name Name of the map, for messages.
 * @param map Where it is: an object.
 * @returns Its values in ascending order of their keys' code units.
 * @throws {JsonError} When it is not JSON outside of the values.
 */
export function* scanEntries(json: Uint8Array, name: string, map: JsonRange): Generator<RawEntry> {
  const items = [...listMembers(json, map)].sort((a, b) => a.key < b.key ? -1 : 1);
  for (const [i, { key, value }] of items.entries()) {
    const next = items[i + 1];
    const content = next?.key === key
      ? { fault: new JsonError(`${JSON.stringify(key)} is there twice in "${name}"`, next.value.start) }
      : readContent(json, value);
    yield { key, start: value.start, end: value.end, ...content };
  }
}

/** Finds flags and segments, objects or null. Any other member of the file is checked likewise, and left. */
function scanKinds(json: Uint8Array): Map<string, Value> {
  const file = { start: skipSpace(json, 0), end: json.length };
  if (!isObject(json, file)) checkObject(parseJson(json), "the file", file.start);
  const kinds = new Map<string, Value>();
  for (const { key, value } of listMembers(json, file)) {
    if (kinds.has(key)) throw new JsonError(`${JSON.stringify(key)} is there twice`, value.start);
    kinds.set(key, value);
    if (!isObject(json, value)) {
      // The file is a level too.
      const parsed = parseJson(json, { ...value, depth: value.depth + 1 });
      if (parsed !== null) checkObject(parsed, JSON.stringify(key), value.start);
    } else if (key !== "flags" && key !== "segments") {
      for (const item of listMembers(json, value)) {
        if (item.value.depth <= MAX_ITEM_DEPTH) parseJson(json, item.value);
      }
    }
  }
  return kinds;
}

function readContent(json: Uint8Array, scanned: Value): RawContent {
  if (scanned.depth > MAX_ITEM_DEPTH) {
    return { omission: `it nests deeper than ${MAX_ITEM_DEPTH} levels` };
  }
  try {
    const text = decode(compact(json, scanned), scanned.start);
    // Without its white space, text that is not JSON may become JSON.
    const value = parseJson(json, scanned, scanned.isSpaced ? undefined : text);
    const isCanonical = JSON.stringify(value) === text;
    if (!isCanonical && hasInfinity(text)) return { omission: "it has a number past the range of a double" };
    return { value, text, isCanonical };
  } catch (error) {
    if (error instanceof JsonError) return { fault: error };
    throw error;
  }
}

function checkObject(value: unknown, what: string, at: number): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new JsonError(`${what} must be an object`, at);
  }
}
