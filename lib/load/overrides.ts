import { createHash } from "node:crypto";
import {
  type ArchiveItem,
  completeItem,
  decode,
  isObject,
  JsonError,
  listMembers,
  MAX_ITEM_DEPTH,
  parseJson,
  type RawEntry,
  scanEntries,
  scanValue,
  type Value,
} from "../archive/mod.ts";
import { type Flag, parseMetadata, type Segment } from "../model/mod.ts";
import { type ItemKind, SnapshotBuilder } from "../snapshot/mod.ts";
import { LoadError } from "../source/mod.ts";
import type { Pause } from "../wire/mod.ts";
import { findDuplicate } from "./_duplicates.ts";
import { parseTime } from "./_time.ts";

/** Largest file of overrides. A person writes it: some hundred flags fit. @limit bytes: the file is refused */
export const MAX_OVERRIDES_BYTES = 1_048_576;

/** What comes from a file of overrides, by environment ID. */
export type Overrides = ReadonlyMap<string, EnvironmentOverrides>;

/** What comes from a file of overrides for one environment. Keys are in ascending code unit order. */
export interface EnvironmentOverrides {
  /** SHA-256 of it without `until`: hex. With the same one, the same flags and segments are overridden by the same. */
  digest: string;
  /** Time from which it does not hold any more: ms since epoch. Absent: never. */
  until?: number;
  /** Flags. */
  flags: ReadonlyMap<string, ItemOverride<Flag> | FlagValue>;
  /** Segments. */
  segments: ReadonlyMap<string, ItemOverride<Segment>>;
}

/** A flag or a segment that takes the place of the archive's. */
export interface ItemOverride<T extends Flag | Segment> {
  /** It, checked. */
  item: T;
  /** Version that the file gives it, if it does. */
  version?: number;
  /** JSON that SDKs get, before and behind the version. */
  text: readonly [head: string, tail: string];
}

/** A value that a flag has for everybody. */
export interface FlagValue {
  /** The value: JSON without white space outside strings. */
  flagValue: string;
}

/** Members of an environment's object. */
const MEMBERS = ["flags", "flagValues", "segments", "until"] as const;

/** Levels of a flag around the value of a variation. */
const LEVELS_AROUND_VALUE = 2;

/** What some editors put before UTF-8. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

const HINT = "correct the file; docs/operations.md has an example";

/**
 * Parses a file of overrides.
 *
 * @param json The file: `{"environments":{"<client-side ID>":{"flags":{},"flagValues":{},"segments":{},"until":"<RFC 3339>"}}}`.
 * @param path Its path, for messages.
 * @param pause Called between flags, segments and environments.
 * @returns The overrides.
 * @throws {LoadError} When anything in it is not as it should be; the error names environment, key and field.
 */
export async function parseOverrides(json: Uint8Array, path: string, pause: Pause): Promise<Overrides> {
  function fail(where: string, problem: string): never {
    throw new LoadError(`Cannot read overrides "${path}": ${where}: ${problem}`, HINT);
  }
  if (BYTE_ORDER_MARK.every((byte, i) => json[i] === byte)) {
    fail("the file", "it begins with a byte order mark: save it as UTF-8 without one");
  }
  const reading = { json, pause, fail };
  try {
    const file = { ...scanValue(json, 0), end: json.length };
    const { environments } = readObject(reading, file, "the file", ["environments"]);
    const overrides = new Map<string, EnvironmentOverrides>();
    if (!environments) return overrides;
    for (const { key, value } of listEntries(reading, environments, '"environments"')) {
      if (overrides.has(key)) fail(`environment ${JSON.stringify(key)}`, "it is there twice");
      overrides.set(key, await readEnvironment(reading, key, value));
      await pause();
    }
    return overrides;
  } catch (error) {
    if (error instanceof JsonError) fail("the file", error.message);
    throw error;
  }
}

/** A file that is being read. */
interface Reading {
  json: Uint8Array;
  pause: Pause;
  /** Refuses the file. */
  fail(where: string, problem: string): never;
}

async function readEnvironment(reading: Reading, id: string, value: Value): Promise<EnvironmentOverrides> {
  const { fail } = reading;
  const where = `environment ${JSON.stringify(id)}`;
  const members = readObject(reading, value, where, MEMBERS);
  const flags = new Map<string, ItemOverride<Flag> | FlagValue>();
  const segments = new Map<string, ItemOverride<Segment>>();
  const hash = createHash("sha256");
  const builder = new SnapshotBuilder(0);
  for (const kind of ["flags", "segments"] as const) {
    for await (const raw of scanMap(reading, members, kind, where)) {
      const item = readItem(reading, kind, raw, `${where}, ${kind.slice(0, -1)} ${JSON.stringify(raw.key)}`);
      builder.add(item);
      const override = toOverride(item, raw);
      if (kind === "flags") flags.set(raw.key, override as ItemOverride<Flag>);
      else segments.set(raw.key, override as ItemOverride<Segment>);
      hash.update(JSON.stringify([kind, raw.key, override.version ?? null, override.text]));
    }
  }
  for await (const raw of scanMap(reading, members, "flagValues", where)) {
    const what = `${where}, flag ${JSON.stringify(raw.key)}`;
    if (flags.has(raw.key)) fail(what, 'it is both in "flags" and in "flagValues"');
    const flagValue = readValue(reading, raw, what);
    flags.set(raw.key, { flagValue });
    hash.update(JSON.stringify(["flagValues", raw.key, flagValue]));
  }
  const [fault] = builder.finish(parseMetadata({ env: { envID: id } }, id)).faults;
  if (fault !== undefined) fail(where, fault);
  return {
    digest: hash.digest("hex"),
    ...members.until && { until: readTime(reading, members.until, where) },
    flags: new Map([...flags].sort(([a], [b]) => a < b ? -1 : 1)),
    segments,
  };
}

/** Reads an object whose members are all known. */
function readObject<K extends string>(
  reading: Reading,
  value: Value,
  what: string,
  names: readonly K[],
): Partial<Record<K, Value>> {
  const { fail } = reading;
  const members: Partial<Record<K, Value>> = {};
  for (const { key, value: member } of listEntries(reading, value, what)) {
    const name = names.find((name) => name === key);
    if (name === undefined) {
      return fail(what, `it has a member that is not known: ${JSON.stringify(key)}`);
    }
    if (members[name]) fail(what, `"${name}" is there twice`);
    members[name] = member;
  }
  return members;
}

function listEntries(
  { json, fail }: Reading,
  value: Value,
  what: string,
): Iterable<{ key: string; value: Value }> {
  if (isObject(json, value)) return listMembers(json, value);
  parseJson(json, value);
  return fail(what, "it must be an object");
}

/** Scans one of the maps of an environment, if it is there. */
async function* scanMap(
  reading: Reading,
  members: Partial<Record<typeof MEMBERS[number], Value>>,
  name: "flags" | "flagValues" | "segments",
  where: string,
): AsyncGenerator<RawEntry> {
  const map = members[name];
  if (!map) return;
  // Says what is wrong with anything but an object.
  listEntries(reading, map, `${where}, "${name}"`);
  for (const raw of scanEntries(reading.json, name, map)) {
    yield raw;
    await reading.pause();
  }
}

/** Reads a flag or a segment. Its key and its version may be left out. */
function readItem({ json, fail }: Reading, kind: ItemKind, raw: RawEntry, what: string): ArchiveItem {
  if ("fault" in raw) return fail(what, raw.fault.message);
  if ("omission" in raw) return fail(what, raw.omission);
  const { key, text, isCanonical } = raw;
  if (!text.startsWith("{")) return fail(what, "it must be an object");
  const duplicate = findDuplicate(json, raw);
  if (duplicate !== undefined) return fail(what, `"${duplicate}" is there twice`);
  const value = raw.value as Record<string, unknown>;
  const added = {
    ...!Object.hasOwn(value, "key") && { key },
    ...!Object.hasOwn(value, "version") && { version: 0 },
  };
  try {
    return completeItem(
      { kind, key, value: { ...value, ...added }, text: addMembers(text, added), isCanonical },
      ({ path, from }) => fail(what, `"${path}" must be a whole number, is ${from}`),
    );
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail(what, error.message.replace(/^Cannot read [^:]*: /, ""));
  }
}

function addMembers(text: string, added: Record<string, unknown>): string {
  const members = JSON.stringify(added).slice(1);
  if (members === "}") return text;
  return `${text.slice(0, -1)}${text === "{}" ? "" : ","}${members}`;
}

/** Cuts the version out of the text: it depends on that of the archive. */
function toOverride(
  { value: item, text }: ArchiveItem,
  raw: RawEntry,
): ItemOverride<Flag | Segment> {
  const bytes = new TextEncoder().encode(text);
  const { value: { start, end } } = listMembers(bytes, { start: 0, end: bytes.length })
    .find(({ key }) => key === "version")!;
  const hasVersion = "value" in raw && Object.hasOwn(raw.value as object, "version");
  return {
    item,
    ...hasVersion && { version: item.version },
    text: [decode(bytes.subarray(0, start)), decode(bytes.subarray(end))],
  };
}

/** Reads the value of a flag. */
function readValue({ json, fail }: Reading, raw: RawEntry, what: string): string {
  if ("fault" in raw) return fail(what, raw.fault.message);
  if ("omission" in raw) return fail(what, raw.omission);
  // One in an array or an object is an omission.
  if (raw.value === Infinity || raw.value === -Infinity) {
    return fail(what, "it has a number past the range of a double");
  }
  if (scanValue(json, raw.start).depth + LEVELS_AROUND_VALUE > MAX_ITEM_DEPTH) {
    return fail(what, `it nests deeper than ${MAX_ITEM_DEPTH - LEVELS_AROUND_VALUE} levels`);
  }
  const duplicate = findDuplicate(json, raw);
  return duplicate === undefined ? raw.text : fail(what, `"${duplicate}" is there twice`);
}

function readTime({ json, fail }: Reading, value: Value, where: string): number {
  const text = parseJson(json, value);
  const time = typeof text === "string" ? parseTime(text) : undefined;
  return time ??
    fail(where, '"until" must be a time such as "2026-12-01T06:00:00Z" or "2026-12-01T07:00:00+01:00"');
}
