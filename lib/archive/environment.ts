import {
  type Cut,
  type EnvironmentMetadata,
  type Flag,
  getFlagShape,
  getSegmentShape,
  parseFlag,
  parseMetadata,
  parseSegment,
  type Segment,
  type Shape,
} from "../model/mod.ts";
import { completeCanonical, completeText } from "./_complete.ts";
import {
  compact,
  decode,
  hasInfinity,
  isObject,
  listMembers,
  parseJson,
  skipSpace,
  type Value,
} from "./_json.ts";
import { MAX_ITEM_DEPTH, MAX_WARNINGS } from "./_limits.ts";
import { quote } from "./_names.ts";

/** One environment cannot be used; the others of the archive can. */
export class EnvironmentError extends SyntaxError {
  /** Set so that stack traces show it. */
  override name = "EnvironmentError";
  /** ID of the environment. */
  readonly environment: string;
  /** Name of the entry at fault. */
  readonly entry: string;

  /**
   * Creates the error of one environment.
   *
   * @param environment ID of the environment.
   * @param entry Name of the entry at fault.
   * @param cause Fault in it.
   */
  constructor(environment: string, entry: string, cause: Error) {
    const problem = cause.message.replace(/^Cannot/, "cannot");
    super(`Cannot read environment "${environment}": in "${entry}", ${problem}`, { cause });
    this.environment = environment;
    this.entry = entry;
  }
}

/** One environment of an archive: metadata and data file, or the error why it cannot be used. */
export type ArchiveEnvironment =
  | {
    /** ID of the environment. */
    id: string;
    /** Metadata. */
    metadata: EnvironmentMetadata;
    /** Content of `<id>-data.json`: a view into the archive. {@linkcode readItems} reads it. */
    dataJson: Uint8Array;
  }
  | {
    /** ID of the environment. */
    id: string;
    /** Fault in its metadata. */
    error: EnvironmentError;
  };

/**
 * Reads the metadata of an environment.
 *
 * @param id ID in the files' names.
 * @param metadataJson Content of `<id>.json`.
 * @param dataJson Content of `<id>-data.json`, which is not read yet.
 * @returns The environment, or its fault.
 */
export function readEnvironment(
  id: string,
  metadataJson: Uint8Array,
  dataJson: Uint8Array,
): ArchiveEnvironment {
  try {
    return { id, metadata: parseMetadata(parseJson(metadataJson), id), dataJson };
  } catch (error) {
    return { id, error: new EnvironmentError(id, `${id}.json`, error as Error) };
  }
}

/** A flag or a segment of an archive, checked, tombstones included. */
export type ArchiveItem =
  & {
    /** Key in the map that lists it. */
    key: string;
    /** JSON that SDKs get: without white space outside strings, with the defaults that they need. The value is without these. */
    text: string;
  }
  & ({ kind: "flags"; value: Flag } | { kind: "segments"; value: Segment });

/**
 * Reads the data file of an environment, one item at a time: only the one that was asked for is in memory as a value.
 *
 * @param id ID of the environment.
 * @param dataJson Content of `<id>-data.json`.
 * @param warnings List to which warnings for the log are added, about values that are served otherwise than written. Complete at the end.
 * @returns Flags, then segments, each in ascending order of their keys' code units.
 * @throws {EnvironmentError} When the file is not JSON, or an item in it is faulty.
 */
export function* readItems(
  id: string,
  dataJson: Uint8Array,
  warnings: string[] = [],
): Generator<ArchiveItem> {
  let problems = 0;
  function warn(problem: string): void {
    if (++problems <= MAX_WARNINGS) warnings.push(`Environment ${quote(id)}: ${problem}`);
  }
  try {
    const kinds = scanKinds(dataJson);
    yield* readKind("flags", FLAGS, dataJson, kinds, warn);
    yield* readKind("segments", SEGMENTS, dataJson, kinds, warn);
  } catch (error) {
    throw new EnvironmentError(id, `${id}-data.json`, error as Error);
  }
  if (problems > MAX_WARNINGS) {
    warnings.push(`Environment ${quote(id)}: ${problems - MAX_WARNINGS} more problems of these kinds`);
  }
}

/** Reading functions of flags and of segments. */
interface ItemType<T extends Flag | Segment> {
  name: "flag" | "segment";
  parse(value: unknown, key: string, onCut: (cut: Cut) => void): T;
  getShape(item: T): Shape;
}

const FLAGS: ItemType<Flag> = { name: "flag", parse: parseFlag, getShape: getFlagShape };
const SEGMENTS: ItemType<Segment> = { name: "segment", parse: parseSegment, getShape: getSegmentShape };

/** Finds flags and segments, objects or null. Any other member of the file is checked likewise, and left. */
function scanKinds(json: Uint8Array): Map<string, Value> {
  const file = { start: skipSpace(json, 0), end: json.length };
  if (!isObject(json, file)) checkObject(parseJson(json), "the file");
  const kinds = new Map<string, Value>();
  for (const { key, value } of listMembers(json, file)) {
    if (kinds.has(key)) throw new SyntaxError(`${JSON.stringify(key)} is there twice`);
    kinds.set(key, value);
    if (!isObject(json, value)) {
      // The file is a level too.
      const parsed = parseJson(json, { ...value, depth: value.depth + 1 });
      if (parsed !== null) checkObject(parsed, JSON.stringify(key));
    } else if (key !== "flags" && key !== "segments") {
      for (const item of listMembers(json, value)) {
        if (item.value.depth <= MAX_ITEM_DEPTH) parseJson(json, item.value);
      }
    }
  }
  return kinds;
}

function* readKind<K extends "flags" | "segments", T extends Flag | Segment>(
  kind: K,
  { name, parse, getShape }: ItemType<T>,
  json: Uint8Array,
  kinds: ReadonlyMap<string, Value>,
  warn: (problem: string) => void,
): Generator<{ kind: K; key: string; value: T; text: string }> {
  const members = kinds.get(kind);
  if (!members || !isObject(json, members)) return;
  const items = [...listMembers(json, members)].sort((a, b) => a.key < b.key ? -1 : 1);
  for (const [i, { key, value: scanned }] of items.entries()) {
    if (items[i + 1]?.key === key) {
      throw new SyntaxError(`${JSON.stringify(key)} is there twice in ${JSON.stringify(kind)}`);
    }
    if (scanned.depth > MAX_ITEM_DEPTH) {
      warn(`${name} ${quote(key)} is left out: it nests deeper than ${MAX_ITEM_DEPTH} levels`);
      continue;
    }
    const text = decode(compact(json, scanned));
    // Without its white space, text that is not JSON may become JSON.
    const parsed = parseJson(json, scanned, scanned.isSpaced ? undefined : text);
    let isCanonical = JSON.stringify(parsed) === text;
    if (!isCanonical && hasInfinity(text)) {
      warn(`${name} ${quote(key)} is left out: it has a number past the range of a double`);
      continue;
    }
    const value = parse(parsed, key, ({ path, from, to }) => {
      isCanonical = false;
      warn(`${name} ${quote(key)} is served with ${to} for ${from} in "${path}", a whole number`);
    });
    const shape = getShape(value);
    const completed = isCanonical ? completeCanonical(value, text, shape) : completeText(text, shape);
    yield { kind, key, value, text: completed };
  }
}

function checkObject(value: unknown, what: string): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be an object`);
  }
}
