import { Buffer } from "node:buffer";
import { DIGEST_BYTES, type PreparedSnapshot } from "./prepared.ts";

/** Kinds of items. */
export type ItemKind = "flags" | "segments";

/** Items of a snapshot by their position: flags, then segments, each in ascending order of their keys' code units. */
export class Items {
  /** Number of items. */
  readonly count: number;
  /** Number of flags among them. */
  readonly flagCount: number;
  readonly #buffer: Buffer<ArrayBuffer>;
  readonly #documentLength: number;
  readonly #offsets: Uint32Array;
  readonly #versions: Float64Array;
  readonly #isOn: Uint8Array;
  /** Digests as words, to compare them quickly. */
  readonly #digests: Uint32Array;
  readonly #digestBytes: Buffer<ArrayBuffer>;
  readonly #referenceEnds: Uint32Array;
  readonly #references: Uint32Array;

  /**
   * Wraps buffers.
   *
   * @param prepared The buffers.
   */
  constructor(prepared: PreparedSnapshot) {
    this.flagCount = prepared.flagCount;
    this.#buffer = Buffer.from(prepared.buffer);
    this.#documentLength = prepared.ends.document;
    this.#offsets = new Uint32Array(prepared.offsets);
    this.#versions = new Float64Array(prepared.versions);
    this.#isOn = new Uint8Array(prepared.isOn);
    this.#digests = new Uint32Array(prepared.digests);
    this.#digestBytes = Buffer.from(prepared.digests);
    this.#referenceEnds = new Uint32Array(prepared.referenceEnds);
    this.#references = new Uint32Array(prepared.references);
    this.count = this.#versions.length;
  }

  /** Returns the positions of a kind: from the first up to the end. */
  range(kind: ItemKind): [start: number, end: number] {
    return kind === "flags" ? [0, this.flagCount] : [this.flagCount, this.count];
  }

  /** Counts the items of a kind, tombstones left out. */
  countLive(kind: ItemKind): number {
    let count = 0;
    for (let [position, end] = this.range(kind); position < end; position++) {
      if (!this.isDeleted(position)) count++;
    }
    return count;
  }

  /** Returns the kind of an item. */
  getKind(position: number): ItemKind {
    return position < this.flagCount ? "flags" : "segments";
  }

  /** Returns the key of an item. */
  getKey(position: number): string {
    const [start, textStart] = [this.#offsets[3 * position]!, this.#offsets[3 * position + 1]!];
    const end = this.isDeleted(position) ? textStart : textStart - 1; // the colon
    const inner = this.#buffer.toString("utf8", start + 1, end - 1);
    return inner.includes("\\") ? JSON.parse(`"${inner}"`) : inner;
  }

  /** Returns the version of an item. */
  getVersion(position: number): number {
    return this.#versions[position]!;
  }

  /** Reports whether a flag is on. */
  isOn(position: number): boolean {
    return this.#isOn[position] === 1;
  }

  /** Reports whether an item is a tombstone. */
  isDeleted(position: number): boolean {
    return this.#offsets[3 * position + 1] === this.#offsets[3 * position + 2];
  }

  /** Returns the JSON of an item: a view; empty for a tombstone. */
  getBody(position: number): Uint8Array<ArrayBuffer> {
    const [start, end] = [this.#offsets[3 * position + 1]!, this.#offsets[3 * position + 2]!];
    return new Uint8Array(this.#buffer.buffer, start, end - start);
  }

  /** Returns the JSON of an item as text; empty for a tombstone. */
  getText(position: number): string {
    return this.#buffer.toString("utf8", this.#offsets[3 * position + 1]!, this.#offsets[3 * position + 2]!);
  }

  /** Parses the JSON of an item. */
  parse(position: number): unknown {
    return JSON.parse(this.getText(position));
  }

  /** Returns the digest of an item as text. */
  getDigest(position: number): string {
    return this.#digestBytes.toString("base64url", position * DIGEST_BYTES, (position + 1) * DIGEST_BYTES);
  }

  /** Returns the digest of an item: words of 32 bits. */
  getDigestWords(position: number): Uint32Array {
    const words = DIGEST_BYTES / 4;
    return this.#digests.subarray(words * position, words * (position + 1));
  }

  /** Returns the positions of the items that an item refers to. */
  getReferences(position: number): Uint32Array {
    return this.#references.subarray(
      position === 0 ? 0 : this.#referenceEnds[position - 1]!,
      this.#referenceEnds[position]!,
    );
  }

  /** Reports whether an item is the same as one of another snapshot. */
  isSame(position: number, other: Items, otherPosition: number): boolean {
    const words = DIGEST_BYTES / 4;
    for (let i = 0; i < words; i++) {
      if (this.#digests[words * position + i] !== other.#digests[words * otherPosition + i]) return false;
    }
    return true;
  }

  /** Finds the position of an item; -1 if there is none. */
  find(kind: ItemKind, key: string): number {
    let [low, high] = this.range(kind);
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.getKey(middle);
      if (found === key) return middle;
      if (found < key) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** Memory of all buffers: bytes. */
  get byteLength(): number {
    const views = [
      this.#offsets,
      this.#versions,
      this.#isOn,
      this.#digests,
      this.#referenceEnds,
      this.#references,
    ];
    return views.reduce((length, view) => length + view.byteLength, this.#documentLength);
  }
}
