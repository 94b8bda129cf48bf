import { hash } from "node:crypto";
import { findCycles, listFaults, listSegmentFaults } from "../evaluation/mod.ts";
import type { EnvironmentMetadata, Flag, Segment } from "../model/mod.ts";
import { computeEtag } from "../wire/mod.ts";
import type { Items } from "./_items.ts";
import { Utf8Buffer } from "./_utf8_buffer.ts";
import { DIGEST_BYTES, type PreparedSnapshot } from "./prepared.ts";

/** A flag or a segment to add to a snapshot, tombstones included. */
export type SnapshotInput =
  & {
    /** Key. */
    key: string;
    /** JSON as sent to SDKs. */
    text: string;
    /** Whether it comes from overrides: its digest says so too. @default {false} */
    isOverridden?: boolean;
  }
  & ({ kind: "flags"; value: Flag } | { kind: "segments"; value: Segment });

/**
 * Maximum number of faults of one environment that are listed. One mistake of a tool is in every flag.
 *
 * @limit lines: the rest is counted
 */
const MAX_FAULTS = 20;

/** Builder of one version of an environment, item by item, in one buffer. */
export class SnapshotBuilder {
  readonly #output: Utf8Buffer;
  readonly #offsets: number[] = [];
  readonly #versions: number[] = [];
  readonly #digests: number[] = [];
  readonly #keys: string[] = [];
  readonly #references: (readonly Reference[])[] = [];
  #hasReferences = false;
  /** Whether references to flags count, by position: those of a flag that is off do not. */
  readonly #isOn: boolean[] = [];
  readonly #tombstones: { position: number; key: string }[] = [];
  readonly #overridden: number[] = [];
  readonly #faults: string[] = [];
  #faultCount = 0;
  #flagCount = 0;
  #flagsEnd = 0;
  /** Whether the object that is being written has no member yet. */
  #isEmpty = true;

  /**
   * Creates a builder without items.
   *
   * @param sourceLength Length of the data file: bytes. The defaults for SDKs make the document a little longer.
   */
  constructor(sourceLength: number) {
    this.#output = new Utf8Buffer(Math.ceil(sourceLength * GROWTH) + SPARE_BYTES);
    this.#output.write('{"flags":{');
  }

  /**
   * Adds an item: all flags, then all segments, each in the order in which clients get them. Tombstones are left out of the
   * document, as several SDKs fail on those that the Relay Proxy sends.
   *
   * @param item The flag or segment.
   */
  add({ kind, key, text, value, isOverridden = false }: SnapshotInput): void {
    if (kind === "segments") this.#endFlags();
    const position = this.#versions.push(value.version) - 1;
    if (isOverridden) this.#overridden.push(position);
    if (kind === "flags") this.#flagCount++;
    this.#keys.push(key);
    // As JSON, since a key may hold half a surrogate pair: in UTF-8 one half is the same as another.
    const quoted = JSON.stringify(key);
    if (value.deleted === true) {
      this.#addDigest(`${quoted}:${text}`, isOverridden);
      return this.#addTombstone(position, quoted);
    }
    const faults = kind === "flags" ? listFaults(value as Flag) : listSegmentFaults(value as Segment);
    for (const { path, problem } of faults) {
      this.#addFault(`${kind.slice(0, -1)} ${quoted} is malformed: "${path}" ${problem}`);
    }
    this.#isOn.push(kind === "segments" || (value as Flag).on === true);
    const separator = this.#isEmpty ? "" : ",";
    this.#isEmpty = false;
    const start = this.#output.length + separator.length;
    this.#output.write(`${separator}${quoted}:`);
    const textStart = this.#output.length;
    this.#output.write(text);
    this.#addDigest(this.#output.view(start, this.#output.length), isOverridden);
    this.#offsets.push(start, textStart, this.#output.length);
    const references = listReferences(kind, value);
    this.#references.push(references);
    this.#hasReferences ||= references.length > 0;
  }

  /**
   * Adds an item of another snapshot as it is; the order is that of {@linkcode SnapshotBuilder.add}.
   *
   * @param items Items of the other snapshot.
   * @param position Position of the item.
   * @internal
   */
  addFrom(items: Items, position: number): void {
    const [kind, key] = [items.getKind(position), items.getKey(position)];
    if (!items.isDeleted(position)) {
      const text = items.getText(position);
      return this.add({ kind, key, text, value: JSON.parse(text) });
    }
    if (kind === "segments") this.#endFlags();
    else this.#flagCount++;
    this.#keys.push(key);
    // The text of a tombstone, of which its digest is, is not there any more.
    this.#digests.push(...items.getDigestWords(position));
    this.#addTombstone(this.#versions.push(items.getVersion(position)) - 1, JSON.stringify(key));
  }

  /**
   * Ends the document.
   *
   * @param metadata Metadata of the environment.
   * @returns The buffers. The builder cannot be used any more.
   */
  finish(metadata: EnvironmentMetadata): PreparedSnapshot {
    this.#endFlags();
    this.#output.write("}}");
    const ends = { flags: this.#flagsEnd, document: this.#output.length };
    for (const { position, key } of this.#tombstones) {
      const start = this.#output.length;
      this.#output.write(key);
      this.#offsets.splice(3 * position, 3, start, this.#output.length, this.#output.length);
    }
    const references = this.#resolveReferences();
    this.#findCycles(references);
    if (this.#faultCount > MAX_FAULTS) {
      this.#faults.push(`${this.#faultCount - MAX_FAULTS} more faults of these kinds`);
    }
    const digests = new Uint32Array(this.#digests);
    return {
      metadata,
      digest: hash("sha256", prepend(this.#flagCount, digests)),
      buffer: this.#output.finish(),
      length: this.#output.length,
      flagsStart: FLAGS_START,
      ends,
      flagCount: this.#flagCount,
      offsets: new Uint32Array(this.#offsets).buffer,
      versions: new Float64Array(this.#versions).buffer,
      isOn: Uint8Array.from(this.#isOn, Number).buffer,
      digests: digests.buffer,
      referenceEnds: toEnds(references).buffer,
      references: new Uint32Array(references.flat()).buffer,
      etags: {
        all: this.#computeEtag(digests),
        flags: this.#computeEtag(digests.subarray(0, this.#flagCount * DIGEST_WORDS)),
      },
      faults: this.#faults,
      ...this.#overridden.length > 0 && { overridden: this.#overridden },
    };
  }

  /** Computes a tag of items' digests, which is as good as one of the document, and is instant. */
  #computeEtag(digests: Uint32Array): string {
    const gone = new Set(this.#tombstones.map(({ position }) => position));
    const live = gone.size === 0
      ? digests
      : digests.filter((_, i) => !gone.has(Math.floor(i / DIGEST_WORDS)));
    const flags = [...gone].filter((position) => this.#isFlag(position)).length;
    return computeEtag(new Uint8Array(prepend(this.#flagCount - flags, live).buffer));
  }

  #addTombstone(position: number, key: string): void {
    this.#tombstones.push({ position, key });
    this.#offsets.push(0, 0, 0);
    this.#references.push(NONE);
    this.#isOn.push(false);
  }

  #addDigest(content: Uint8Array | string, isOverridden: boolean): void {
    const plain = hash("sha256", content);
    const hex = isOverridden ? hash("sha256", `${plain} overridden`) : plain;
    for (let i = 0; i < 2 * DIGEST_BYTES; i += 8) this.#digests.push(parseInt(hex.slice(i, i + 8), 16));
  }

  /** Returns for each item the positions of those that it refers to, as far as they exist. */
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

  /** Marks as malformed the flags in a cycle of prerequisites and the segments in a cycle of segments. */
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
    this.#output.write("}");
    this.#flagsEnd = this.#output.length;
    this.#output.write(',"segments":{');
    this.#isEmpty = true;
  }
}

/** Length of an item's digest: words of 32 bits. */
const DIGEST_WORDS = DIGEST_BYTES / 4;

/** Growth of a data file by the defaults that SDKs need, if its flags have little besides the required fields. */
const GROWTH = 1.5;

/** Capacity of the smallest document: bytes. */
const SPARE_BYTES = 1024;

/** References of every item without any. */
const NONE: readonly never[] = [];

/** A reference from an item to another. */
export interface Reference {
  /** Kind of the other. */
  kind: "flags" | "segments";
  /** Its key. There may be no such item. */
  key: string;
}

/** Offset of the flags' object in the document: bytes. */
const FLAGS_START = '{"flags":'.length;

/** Returns numbers with another one before them. */
function prepend(first: number, numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(numbers.length + 1);
  all[0] = first;
  all.set(numbers, 1);
  return all;
}

/** Returns the end of each list's elements when all are in one. */
function toEnds(lists: readonly (readonly unknown[])[]): Uint32Array<ArrayBuffer> {
  let end = 0;
  return Uint32Array.from(lists, ({ length }) => end += length);
}

/**
 * Lists what a flag or a segment refers to: prerequisites, then segments, each as often as it is referred to.
 *
 * @param kind Kind of the item.
 * @param item The flag or segment.
 * @returns The references.
 */
export function listReferences(kind: "flags" | "segments", item: Flag | Segment): readonly Reference[] {
  const segments = listSegments(item);
  const prerequisites = kind === "flags" ? (item as Flag).prerequisites : undefined;
  if (!prerequisites?.length) return segments;
  return [...prerequisites.map(({ key }) => ({ kind: "flags" as const, key: key ?? "" })), ...segments];
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
