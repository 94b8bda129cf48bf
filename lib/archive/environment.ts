import {
  type Environment,
  type EnvironmentData,
  type EnvironmentMetadata,
  type Flag,
  type Item,
  parseFlag,
  parseMetadata,
  parseSegment,
  type Segment,
} from "../model/mod.ts";
import { parseJson, sliceItems } from "./_json.ts";

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
    return dataJson ? { id, environment: { metadata, data: readData(dataJson) } } : { id, metadata };
  } catch (error) {
    const entry = metadata ? `${id}-data.json` : `${id}.json`;
    return { id, ...(metadata && { metadata }), error: new EnvironmentError(id, entry, error as Error) };
  }
}

function readData(json: Uint8Array): EnvironmentData {
  const kinds = parseJson(json);
  checkObject(kinds, "the file");
  for (const [kind, items] of Object.entries(kinds)) {
    if (items !== null) checkObject(items, JSON.stringify(kind));
  }
  const texts = sliceItems(json);
  return {
    flags: pairItems<Flag>(kinds["flags"], texts.get("flags"), parseFlag),
    segments: pairItems<Segment>(kinds["segments"], texts.get("segments"), parseSegment),
  };
}

/** Checks each item and puts it beside its text. */
function pairItems<T extends Flag | Segment>(
  values: unknown,
  texts: Map<string, string> | undefined,
  parse: (value: unknown, key: string) => T,
): Map<string, Item<T>> {
  const items = new Map<string, Item<T>>();
  for (const [key, text] of [...texts ?? []].sort(([a], [b]) => a < b ? -1 : 1)) {
    items.set(key, { value: parse((values as Record<string, unknown>)[key], key), text });
  }
  return items;
}

function checkObject(value: unknown, what: string): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be an object`);
  }
}
