import type { CredentialKind } from "../../lib/store/mod.ts";

/** A flag, by what the simulation varies. Its variations are `no`, its value and `member`. */
export interface FlagModel {
  version: number;
  /** Whether it is a tombstone: nobody gets it. */
  isDeleted: boolean;
  on: boolean;
  /** Value of everybody whom nothing excepts while it is on. */
  value: string;
  /** Users who get `no` all the same. */
  except: string[];
  /** Key of a flag that has to give its value, else everybody gets `no`. */
  needs?: string;
  /** Key of a segment whose members get `member`. */
  segment?: string;
  /** Whether the variation that its value is in does not exist. */
  isMalformed: boolean;
  /** Whether clients with a client-side ID see it. */
  isForBrowsers: boolean;
}

/** A segment. */
export interface SegmentModel {
  version: number;
  /** Whether it is a tombstone: nobody gets it. */
  isDeleted: boolean;
  members: string[];
}

/** Flags and segments of an environment, by key. Where nothing has changed, it is the same object. */
export interface DataModel {
  flags: ReadonlyMap<string, FlagModel>;
  segments: ReadonlyMap<string, SegmentModel>;
}

/** A key and when it stops working: ms since epoch. */
export interface KeyModel {
  value: string;
  expiry: number;
}

/** An environment as an archive has it. */
export interface EnvironmentModel {
  id: string;
  sdkKeys: KeyModel[];
  mobileKeys: KeyModel[];
  /** Whether browsers have to prove their context. */
  isSecure: boolean;
  data: DataModel;
  /** What is broken in this archive, if anything. */
  fault?: "data" | "metadata";
}

/** Contexts of clients, by key. */
export const USERS = ["one", "two"];

/** Index of the variation that a malformed flag names. */
const NO_VARIATION = 9;

const TEXTS = new WeakMap<FlagModel | SegmentModel, string>();
const ITEMS = new WeakMap<DataModel, Map<string, [id: string, text: string][]>>();

/** What part of an environment a client gets: items as they are, or what flags give a user. */
export type View = "all" | "flags" | `${CredentialKind} ${string}`;

/**
 * Lists what a client of an environment gets, with every field that SDKs need.
 *
 * @param data Flags and segments.
 * @param view What part. For a user it is the kind of the credential, and the user's key.
 * @returns IDs as in streams, and JSON, in order of ID.
 */
export function listItems(data: DataModel, view: View): [id: string, text: string][] {
  const views = ITEMS.getOrInsertComputed(data, () => new Map());
  return views.getOrInsertComputed(view, () => [...makeItems(data, view)]);
}

/** Writes a document: `/sdk/latest-all`, `/sdk/flags`, or the evaluations of a user. */
export function writeDocument(data: DataModel, view: View): string {
  const items = listItems(data, view);
  if (view !== "all") return writeObject(items.map(([id, text]) => [id.replace("/", ""), text]));
  const [flags, segments] = ["/flags/", "/segments/"].map((prefix) =>
    writeObject(
      items.filter(([id]) => id.startsWith(prefix)).map(([id, text]) => [id.slice(prefix.length), text]),
    )
  );
  return `{"flags":${flags},"segments":${segments}}`;
}

/**
 * Writes data as an archive has it, tombstones included.
 *
 * @param data The data.
 * @param isReversed Whether keys are in reverse order, which makes no difference to clients.
 * @returns JSON.
 */
export function writeData({ flags, segments }: DataModel, isReversed: boolean): string {
  const [flagTexts, segmentTexts] = [[...flags].map(writeFlag), [...segments].map(writeSegment)];
  if (isReversed) flagTexts.reverse();
  return `{"flags":${writeObject(flagTexts)},"segments":${writeObject(segmentTexts)}}`;
}

function writeObject(members: [key: string, text: string][]): string {
  return `{${members.map(([key, text]) => `"${key}":${text}`).join(",")}}`;
}

function* makeItems(data: DataModel, view: View): Generator<[string, string]> {
  const flags = [...data.flags].filter(([, { isDeleted }]) => !isDeleted);
  const segments = [...data.segments].filter(([, { isDeleted }]) => !isDeleted);
  if (view === "all") {
    for (const flag of flags) yield [`/flags/${flag[0]}`, writeFlag(flag)[1]];
    for (const segment of segments) yield [`/segments/${segment[0]}`, writeSegment(segment)[1]];
  } else if (view === "flags") {
    for (const flag of flags) yield [`/${flag[0]}`, writeFlag(flag)[1]];
  } else {
    const [kind, user] = view.split(" ");
    for (const [key, flag] of flags) {
      if (kind !== "environment" || flag.isForBrowsers) yield [key, writeEvaluation(data, flag, user!)];
    }
  }
}

function writeEvaluation(data: DataModel, flag: FlagModel, user: string): string {
  const variation = evaluate(data, flag, user);
  const value = variation === null ? null : ["no", flag.value, "member"][variation]!;
  const { version, on } = flag;
  const prerequisites = on && findNeeded(data, flag) ? [flag.needs] : undefined;
  return JSON.stringify({ value, variation, version, prerequisites });
}

/** Evaluates a flag, as plainly as possible. */
function evaluate(data: DataModel, flag: FlagModel, user: string): number | null {
  if (!flag.on) return 0;
  const needed = findNeeded(data, flag);
  const isMet = needed?.on && evaluate(data, needed, user) === 1;
  if (flag.needs !== undefined && !isMet) return 0;
  if (flag.except.includes(user)) return 0;
  const segment = flag.segment === undefined ? undefined : data.segments.get(flag.segment);
  if (segment && !segment.isDeleted && segment.members.includes(user)) return 2;
  return flag.isMalformed ? null : 1;
}

function findNeeded({ flags }: DataModel, { needs }: FlagModel): FlagModel | undefined {
  const needed = needs === undefined ? undefined : flags.get(needs);
  return needed?.isDeleted ? undefined : needed;
}

function writeFlag([key, flag]: [string, FlagModel]): [key: string, text: string] {
  return [key, TEXTS.getOrInsertComputed(flag, () => JSON.stringify(describeFlag(key, flag)))];
}

function describeFlag(key: string, flag: FlagModel): Record<string, unknown> {
  const { version, isDeleted, on, value, except, needs, segment, isMalformed, isForBrowsers } = flag;
  const clause = { attribute: "", op: "segmentMatch", values: [segment], negate: false };
  return {
    key,
    version,
    on,
    salt: "s",
    variations: ["no", value, "member"],
    fallthrough: { variation: isMalformed ? NO_VARIATION : 1 },
    offVariation: 0,
    targets: [{ variation: 0, values: except }],
    rules: segment === undefined ? [] : [{ id: "r", variation: 2, clauses: [clause], trackEvents: false }],
    prerequisites: needs === undefined ? [] : [{ key: needs, variation: 1 }],
    trackEvents: false,
    trackEventsFallthrough: false,
    deleted: isDeleted,
    clientSideAvailability: { usingEnvironmentId: isForBrowsers, usingMobileKey: true },
    clientSide: isForBrowsers,
  };
}

function writeSegment([key, segment]: [string, SegmentModel]): [key: string, text: string] {
  return [key, TEXTS.getOrInsertComputed(segment, () => JSON.stringify(describeSegment(key, segment)))];
}

function describeSegment(key: string, segment: SegmentModel): Record<string, unknown> {
  const { version, isDeleted, members } = segment;
  return {
    key,
    version,
    included: members,
    excluded: [],
    includedContexts: [],
    excludedContexts: [],
    salt: "s",
    rules: [],
    deleted: isDeleted,
  };
}
