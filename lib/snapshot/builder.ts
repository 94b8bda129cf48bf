import { hash } from "node:crypto";
import { findCycles, listFaults, listSegmentFaults } from "../evaluation/mod.ts";
import type { EnvironmentMetadata, Flag, Segment } from "../model/mod.ts";
import { computeEtag, concat } from "../wire/mod.ts";

/** A flag or a segment as a snapshot takes it, tombstones included. */
export type SnapshotInput =
  & {
    /** Its key. */
    key: string;
    /** Its JSON as SDKs get it: UTF-8. Copied. */
    json: Uint8Array;
  }
  & ({ kind: "flags"; value: Flag } | { kind: "segments"; value: Segment });

/**
 * One version of an environment on its way from the loading thread: data alone, so that it can cross threads, and whole buffers,
 * so that it changes hands instead of being copied.
 */
export interface PreparedSnapshot {
  /** Who the environment is and who may read it. */
  metadata: EnvironmentMetadata;
  /** SHA-256 of all items' digests: hex. Two versions with the same one serve the same. */
  digest: string;
  /** `{"flags":{…},"segments":{…}}`, and behind it the tombstones' keys. UTF-8. */
  buffer: ArrayBuffer;
  /** Where the flags' object starts in it: bytes. */
  flagsStart: number;
  /** Where the flags' object ends in it, and the document: bytes. */
  ends: { flags: number; document: number };
  /** How many of the items are flags; they come first. */
  flagCount: number;
  /** For each item where its key starts, its text starts and its text ends: `Uint32Array`. A tombstone's text is empty. */
  offsets: ArrayBuffer;
  /** Each item's version: `Float64Array`. */
  versions: ArrayBuffer;
  /** Each item's digest, `DIGEST_BYTES` long. */
  digests: ArrayBuffer;
  /** Where each item's references end in `references`: `Uint32Array`. */
  referenceEnds: ArrayBuffer;
  /** Positions of the items that items refer to: prerequisites and segments: `Uint32Array`. */
  references: ArrayBuffer;
  /** Entity tags of the document and of the flags' object. */
  etags: { all: string; flags: string };
  /** What makes flags malformed, for the log: sentences without an end. The first ones, and how many more there are. */
  faults: string[];
  /** The same compressed with gzip, where that was asked for. */
  gzips?: { all?: ArrayBuffer; flags?: ArrayBuffer };
}

/** Size of an item's digest: bytes of a SHA-256, cut; enough that no two items ever share one. */
export const DIGEST_BYTES = 16;

/** Most faults of one environment that are listed. One mistake of a tool is in every flag. @limit lines: the rest is counted */
const MAX_FAULTS = 20;

const ENCODER = new TextEncoder();

/** Bytes that grow as they are written. */
class Output {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  write(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.#bytes.length) {
      this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(Math.ceil(length * 1.25)));
    }
    this.#bytes.set(bytes, this.length);
    this.length = length;
  }

  view(start: number, end: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(start, end);
  }

  /** Gives up what is not used only where that is much: shortening copies, and pages that were never written take no memory. */
  finish(): ArrayBuffer {
    const { buffer } = this.#bytes;
    return this.length < buffer.byteLength * 7 / 8 ? buffer.transfer(this.length) : buffer;
  }
}

/** Builds one version of an environment, item by item, in one buffer. */
export class SnapshotBuilder {
  readonly #output: Output;
  readonly #offsets: number[] = [];
  readonly #versions: number[] = [];
  readonly #digests = new Output(DIGEST_BYTES);
  readonly #keys: string[] = [];
  readonly #references: (readonly Reference[])[] = [];
  #hasReferences = false;
  /** Whether references to flags count, by position: those of a flag that is off do not. */
  readonly #isOn: boolean[] = [];
  readonly #tombstones: { position: number; key: string }[] = [];
  readonly #faults: string[] = [];
  #faultCount = 0;
  #flagCount = 0;
  #flagsEnd = 0;

  /**
   * Makes a builder without items.
   *
   * @param sourceLength How long the data file is: bytes. What SDKs need besides makes it a little longer.
   */
  constructor(sourceLength: number) {
    this.#output = new Output(Math.ceil(sourceLength * GROWTH) + SPARE_BYTES);
    this.#write('{"flags":{');
  }

  /**
   * Adds an item: all flags, then all segments, each in the order in which clients get them. Tombstones are left out of the
   * document, as several SDKs stumble over what the Relay Proxy sends for them.
   *
   * @param item The flag or segment.
   */
  add({ kind, key, json, value }: SnapshotInput): void {
    if (kind === "segments") this.#endFlags();
    const position = this.#versions.push(value.version) - 1;
    if (kind === "flags") this.#flagCount++;
    this.#keys.push(key);
    // As JSON, since a key may hold half a surrogate pair: in UTF-8 one half is the same as another.
    const quoted = JSON.stringify(key);
    if (value.deleted === true) {
      this.#addDigest(concat([ENCODER.encode(`${quoted}:`), json]));
      this.#tombstones.push({ position, key: quoted });
      this.#offsets.push(0, 0, 0);
      this.#references.push(NONE);
      this.#isOn.push(false);
      return;
    }
    const faults = kind === "flags" ? listFaults(value as Flag) : listSegmentFaults(value as Segment);
    for (const fault of faults) this.#addFault(`${kind.slice(0, -1)} ${quoted} is malformed: ${fault}`);
    this.#isOn.push(kind === "segments" || (value as Flag).on === true);
    if (!this.#isFirst()) this.#write(",");
    const start = this.#output.length;
    this.#write(`${quoted}:`);
    const textStart = this.#output.length;
    this.#output.write(json);
    this.#addDigest(this.#output.view(start, this.#output.length));
    this.#offsets.push(start, textStart, this.#output.length);
    const references = kind === "flags" ? listReferences(value as Flag) : listSegments(value);
    this.#references.push(references);
    this.#hasReferences ||= references.length > 0;
  }

  /**
   * Ends the document.
   *
   * @param metadata Who the environment is and who may read it.
   * @returns What was built. The builder is of no use any more.
   */
  finish(metadata: EnvironmentMetadata): PreparedSnapshot {
    this.#endFlags();
    this.#write("}}");
    const ends = { flags: this.#flagsEnd, document: this.#output.length };
    for (const { position, key } of this.#tombstones) {
      const start = this.#output.length;
      this.#write(key);
      this.#offsets.splice(3 * position, 3, start, this.#output.length, this.#output.length);
    }
    const etags = {
      all: computeEtag(this.#output.view(0, ends.document)),
      flags: computeEtag(this.#output.view(FLAGS_START, ends.flags)),
    };
    const references = this.#resolveReferences();
    this.#findCycles(references);
    if (this.#faultCount > MAX_FAULTS) {
      this.#faults.push(`${this.#faultCount - MAX_FAULTS} more faults of these kinds`);
    }
    const digests = this.#digests.finish().slice(0, this.#digests.length);
    return {
      metadata,
      digest: hash("sha256", new Uint8Array(digests)),
      buffer: this.#output.finish(),
      flagsStart: FLAGS_START,
      ends,
      flagCount: this.#flagCount,
      offsets: new Uint32Array(this.#offsets).buffer,
      versions: new Float64Array(this.#versions).buffer,
      digests,
      referenceEnds: toEnds(references).buffer,
      references: new Uint32Array(references.flat()).buffer,
      etags,
      faults: this.#faults,
    };
  }

  #addDigest(content: Uint8Array): void {
    this.#digests.write(hash("sha256", content, "buffer").subarray(0, DIGEST_BYTES));
  }

  /** For each item the positions of those that it refers to, as far as they are there. */
  #resolveReferences(): (readonly number[])[] {
    if (!this.#hasReferences) return this.#references.map(() => NONE);
    const positions = { flags: new Map<string, number>(), segments: new Map<string, number>() };
    for (const [i, key] of this.#keys.entries()) {
      positions[this.#isFlag(i) ? "flags" : "segments"].set(key, i);
    }
    return this.#references.map((references) =>
      references.length === 0
        ? NONE
        : references.map(({ kind, key }) => positions[kind].get(key)).filter((position) =>
          position !== undefined
        )
    );
  }

  /** Flags in a cycle of prerequisites and segments in a cycle of segments are malformed. */
  #findCycles(references: readonly (readonly number[])[]): void {
    if (!this.#hasReferences) return;
    const graph = references.map((positions, position) =>
      this.#isOn[position] && positions.length > 0
        ? positions.filter((other) => this.#isFlag(other) === this.#isFlag(position))
        : NONE
    );
    for (const cycle of findCycles(graph)) {
      const what = this.#isFlag(cycle[0]!)
        ? "flags are prerequisites of each other"
        : "segments contain each other";
      const members = cycle.slice(0, MAX_FAULTS).map((position) => JSON.stringify(this.#keys[position]));
      if (cycle.length > MAX_FAULTS) members.push(`${cycle.length - MAX_FAULTS} more`);
      this.#addFault(`${what}, so they are malformed: ${members.join(", ")}`);
    }
  }

  #isFlag(position: number): boolean {
    return position < this.#flagCount;
  }

  #addFault(fault: string): void {
    if (++this.#faultCount <= MAX_FAULTS) this.#faults.push(fault);
  }

  #endFlags(): void {
    if (this.#flagsEnd > 0) return;
    this.#write("}");
    this.#flagsEnd = this.#output.length;
    this.#write(',"segments":{');
  }

  /** Whether the object that is being written is still empty. */
  #isFirst(): boolean {
    return this.#output.view(this.#output.length - 1, this.#output.length)[0] === OPENING_BRACE;
  }

  #write(text: string): void {
    this.#output.write(ENCODER.encode(text));
  }
}

/** How much longer a data file becomes by the defaults that SDKs need, as a rule. */
const GROWTH = 1.0625;

/** Capacity of the smallest document: bytes. */
const SPARE_BYTES = 1024;

const OPENING_BRACE = 0x7b;

/** Shared by all items that refer to nothing. */
const NONE: readonly never[] = [];

/** What an item refers to. */
interface Reference {
  kind: "flags" | "segments";
  key: string;
}

/** Where the flags' object starts in the document: bytes. */
const FLAGS_START = '{"flags":'.length;

/** Where the elements of each list end when all are in one. */
function toEnds(lists: readonly (readonly unknown[])[]): Uint32Array<ArrayBuffer> {
  let end = 0;
  return Uint32Array.from(lists, ({ length }) => end += length);
}

function listReferences(flag: Flag): readonly Reference[] {
  const segments = listSegments(flag);
  if (!flag.prerequisites?.length) return segments;
  return [...flag.prerequisites.map(({ key }) => ({ kind: "flags" as const, key: key ?? "" })), ...segments];
}

function listSegments({ rules }: Pick<Flag | Segment, "rules">): readonly Reference[] {
  let references: Reference[] | undefined;
  for (const { clauses } of rules ?? []) {
    for (const { op, values } of clauses ?? []) {
      if (op !== "segmentMatch") continue;
      for (const key of values ?? []) {
        if (typeof key === "string") (references ??= []).push({ kind: "segments", key });
      }
    }
  }
  return references ?? NONE;
}
