import {
  type Cut,
  type Environment,
  type EnvironmentData,
  type EnvironmentMetadata,
  type Flag,
  getFlagShape,
  getSegmentShape,
  type Item,
  parseFlag,
  parseMetadata,
  parseSegment,
  type Segment,
  type Shape,
} from "../model/mod.ts";
import { completeText } from "./_complete.ts";
import { hasInfinity, parseJson, parseShallow, sliceItems } from "./_json.ts";
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
   * Makes the error of one environment.
   *
   * @param environment ID of the environment.
   * @param entry Name of the entry at fault.
   * @param cause What is wrong in it.
   */
  constructor(environment: string, entry: string, cause: Error) {
    const problem = cause.message.replace(/^Cannot/, "cannot");
    super(`Cannot read environment "${environment}": in "${entry}", ${problem}`, { cause });
    this.environment = environment;
    this.entry = entry;
  }
}

/** What an archive says about one environment: all that it serves, or why it cannot be used. */
export type ArchiveEnvironment =
  | {
    /** ID of the environment. */
    id: string;
    /** What it is and serves. */
    environment: Environment;
    /** What is served otherwise than somebody may expect, as sentences for the log; absent when there is nothing to say. */
    warnings?: string[];
  }
  | {
    /** ID of the environment. */
    id: string;
    /** Who it is; what it serves is known already. */
    metadata: EnvironmentMetadata;
  }
  | {
    /** ID of the environment. */
    id: string;
    /** Who it is, when that at least is known. */
    metadata?: EnvironmentMetadata;
    /** What is wrong. */
    error: EnvironmentError;
  };

/**
 * Reads the two files of an environment.
 *
 * @param id ID in the files' names.
 * @param metadataJson Content of `<id>.json`.
 * @param dataJson Content of `<id>-data.json`; `undefined` when what it says is known.
 * @returns The environment, or its fault.
 */
export function readEnvironment(
  id: string,
  metadataJson: Uint8Array,
  dataJson: Uint8Array | undefined,
): ArchiveEnvironment {
  let metadata: EnvironmentMetadata | undefined;
  try {
    metadata = parseMetadata(parseJson(metadataJson), id);
    if (!dataJson) return { id, metadata };
    const problems: string[] = [];
    const data = readData(dataJson, problems);
    return {
      id,
      environment: { metadata, data },
      ...(problems.length > 0 && { warnings: toWarnings(id, problems) }),
    };
  } catch (error) {
    const entry = metadata ? `${id}-data.json` : `${id}.json`;
    return { id, ...(metadata && { metadata }), error: new EnvironmentError(id, entry, error as Error) };
  }
}

/** Makes sentences of problems, as many as a log needs to show what is wrong. */
function toWarnings(id: string, problems: string[]): string[] {
  const shown = problems.slice(0, MAX_WARNINGS);
  if (shown.length < problems.length) {
    shown.push(`${problems.length - shown.length} more problems of these kinds`);
  }
  return shown.map((problem) => `Environment ${quote(id)}: ${problem}`);
}

/** What flags and segments have in common for a reader. */
interface ItemType<T extends Flag | Segment> {
  name: "flag" | "segment";
  parse(value: unknown, key: string, onCut: (cut: Cut) => void): T;
  getShape(item: T): Shape;
}

const FLAGS: ItemType<Flag> = { name: "flag", parse: parseFlag, getShape: getFlagShape };
const SEGMENTS: ItemType<Segment> = { name: "segment", parse: parseSegment, getShape: getSegmentShape };

function readData(dataJson: Uint8Array, problems: string[]): EnvironmentData {
  const { values, json, tooDeep } = parseShallow(dataJson);
  checkObject(values, "the file");
  for (const [kind, items] of Object.entries(values)) {
    if (items !== null) checkObject(items, JSON.stringify(kind));
  }
  const texts = sliceItems(json);
  for (const [kind, { name }] of [["flags", FLAGS], ["segments", SEGMENTS]] as const) {
    for (const key of tooDeep.get(kind) ?? []) {
      texts.get(kind)?.delete(key);
      problems.push(`${name} ${quote(key)} is left out: it nests deeper than ${MAX_ITEM_DEPTH} levels`);
    }
  }
  return {
    flags: pairItems(values["flags"], texts.get("flags"), FLAGS, problems),
    segments: pairItems(values["segments"], texts.get("segments"), SEGMENTS, problems),
  };
}

/** Checks each item and puts it beside the text that SDKs get, which has all that they need. */
function pairItems<T extends Flag | Segment>(
  values: unknown,
  texts: Map<string, string> | undefined,
  { name, parse, getShape }: ItemType<T>,
  problems: string[],
): Map<string, Item<T>> {
  const items = new Map<string, Item<T>>();
  for (const [key, text] of [...texts ?? []].sort(([a], [b]) => a < b ? -1 : 1)) {
    if (hasInfinity(text)) {
      problems.push(`${name} ${quote(key)} is left out: it has a number past the range of a double`);
      continue;
    }
    const value = parse((values as Record<string, unknown>)[key], key, ({ path, from, to }) => {
      problems.push(`${name} ${quote(key)} is served with ${to} for ${from} in "${path}", a whole number`);
    });
    const complete = completeText(text, getShape(value));
    items.set(key, { value: complete === text ? value : JSON.parse(complete), text: complete });
  }
  return items;
}

function checkObject(value: unknown, what: string): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be an object`);
  }
}
