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
import { parseJson } from "./_json.ts";
import { MAX_WARNINGS } from "./_limits.ts";
import { quote } from "./_names.ts";
import { type RawContent, type RawItem, scanItems } from "./scan_items.ts";

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
    /** Content of `<id>.json`: a view into the archive. */
    metadataJson: Uint8Array;
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
    return { id, metadata: parseMetadata(parseJson(metadataJson), id), metadataJson, dataJson };
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

/** A flag or a segment that has been read as JSON, not checked. */
export type ReadItem = Pick<RawItem, "kind" | "key"> & Extract<RawContent, { text: string }>;

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
    for (const raw of scanItems(dataJson)) {
      if ("fault" in raw) throw raw.fault;
      const { kind, key } = raw;
      const what = `${kind.slice(0, -1)} ${quote(key)}`;
      if ("omission" in raw) {
        warn(`${what} is left out: ${raw.omission}`);
        continue;
      }
      yield completeItem(
        raw,
        ({ path, from, to }) => warn(`${what} is served with ${to} for ${from} in "${path}", a whole number`),
      );
    }
  } catch (error) {
    throw new EnvironmentError(id, `${id}-data.json`, error as Error);
  }
  if (problems > MAX_WARNINGS) {
    warnings.push(`Environment ${quote(id)}: ${problems - MAX_WARNINGS} more problems of these kinds`);
  }
}

/**
 * Checks a flag or a segment and completes it for SDKs.
 *
 * @param item The item, as scanned.
 * @param onCut Called for each number whose fraction was cut.
 * @returns The item.
 * @throws {TypeError} When a field has the wrong JSON type, or `version` or `key` is missing or wrong.
 */
export function completeItem(
  { kind, key, value: unchecked, text, isCanonical }: ReadItem,
  onCut: (cut: Cut) => void,
): ArchiveItem {
  function noteCut(cut: Cut): void {
    isCanonical = false;
    onCut(cut);
  }
  if (kind === "flags") {
    const value = parseFlag(unchecked, key, noteCut);
    return { kind, key, value, text: complete(value, text, getFlagShape(value), isCanonical) };
  }
  const value = parseSegment(unchecked, key, noteCut);
  return { kind, key, value, text: complete(value, text, getSegmentShape(value), isCanonical) };
}

function complete(value: Flag | Segment, text: string, shape: Shape, isCanonical: boolean): string {
  return isCanonical ? completeCanonical(value, text, shape) : completeText(text, shape);
}
