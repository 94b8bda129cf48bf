import {
  type Compilable,
  type CompilableFlag,
  type CompiledEnvironment,
  compileInSteps,
  type OverriddenKeys,
} from "../evaluation/mod.ts";
import type { Environment, EnvironmentMetadata, Flag, Segment } from "../model/mod.ts";
import { finishSlices, formatEtag, type Pause } from "../wire/mod.ts";
import { addDependents } from "./_dependents.ts";
import { type ItemKind, Items } from "./_items.ts";
import { SnapshotBuilder } from "./builder.ts";
import type { History } from "./past_version.ts";
import { type Document, LazyDocument, LazyPayload, type Payload } from "./payload.ts";
import type { PreparedSnapshot } from "./prepared.ts";

/** A flag or a segment of a snapshot. */
export interface SnapshotItem {
  /** Version. */
  version: number;
  /** JSON; absent for a tombstone. */
  document?: Document;
}

/** The part of a snapshot that stays when a reload changes only the metadata. */
interface Version {
  readonly digest: string;
  readonly items: Items;
  readonly all: LazyPayload;
  readonly flags: LazyPayload;
  /** Positions of the items that come from overrides. */
  readonly overridden: readonly number[];
  /** Compressed forms of single items by digest. */
  readonly documents: Map<string, LazyDocument>;
  /** The compiled form, once it has been requested. */
  compiled?: Promise<CompiledEnvironment> | undefined;
  /** The same, once it is there. */
  ready?: CompiledEnvironment;
  /** What is remembered of the versions before it. */
  history: History;
  /** Compiled form of the previous version, whose unchanged parts are reused. */
  previous?: Promise<CompiledEnvironment> | undefined;
}

/**
 * One version of an environment: its bytes in one buffer, views of which are sent, and forms that are derived from them on first
 * use. Nothing that a client can see ever changes.
 */
export class Snapshot {
  /** Metadata of the environment: names, credentials, secure mode. */
  readonly metadata: EnvironmentMetadata;
  readonly #version: Version;

  private constructor(metadata: EnvironmentMetadata, version: Version) {
    this.metadata = metadata;
    this.#version = version;
  }

  /**
   * Creates a snapshot from its buffers.
   *
   * @param prepared The buffers, owned by the snapshot from now on.
   * @param previous The snapshot that is served now; derived forms of unchanged parts are reused.
   * @returns The snapshot.
   */
  static from(prepared: PreparedSnapshot, previous?: Snapshot): Snapshot {
    const { buffer, flagsStart, ends, etags, gzips = {} } = prepared;
    const [all, flags] = [
      new Uint8Array(buffer, 0, ends.document),
      new Uint8Array(buffer, flagsStart, ends.flags - flagsStart),
    ];
    const version: Version = {
      digest: prepared.digest,
      items: new Items(prepared),
      all: new LazyPayload(all, etags.all, ['{"path":"/","data":', "}"], toBytes(gzips.all)),
      flags: new LazyPayload(flags, etags.flags, ["", ""], toBytes(gzips.flags)),
      overridden: prepared.overridden ?? NONE,
      documents: new Map(),
      history: [],
    };
    if (previous) {
      const old = previous.#version;
      version.all.takeGzip(old.all);
      version.flags.takeGzip(old.flags);
      version.previous = old.compiled ?? old.previous;
    }
    return new Snapshot(prepared.metadata, version);
  }

  /** `{"flags":{…},"segments":{…}}`: `/sdk/latest-all` and, as event, `/all`. */
  get all(): Payload {
    return this.#version.all;
  }

  /** `{"<key>":{…}}`: `/sdk/flags` and, as event, `/flags`. */
  get flags(): Payload {
    return this.#version.flags;
  }

  /** Digest of the content: two snapshots with the same one serve the same flags and segments. */
  get digest(): string {
    return this.#version.digest;
  }

  /** Number of flags, tombstones included. */
  get flagCount(): number {
    return this.#version.items.flagCount;
  }

  /** Numbers of flags and of segments, without tombstones; counted each time. */
  get counts(): Record<ItemKind, number> {
    const { items } = this.#version;
    return { flags: items.countLive("flags"), segments: items.countLive("segments") };
  }

  /** Memory of the buffers and the compressed forms, without compiled flags: bytes. */
  get byteLength(): number {
    const { items, all, flags } = this.#version;
    return items.byteLength + all.gzipLength + flags.gzipLength;
  }

  /** Documents that clients have requested compressed: a load compresses those of the next version. */
  get compressed(): { all: boolean; flags: boolean } {
    const { all, flags } = this.#version;
    return { all: all.isCompressed, flags: flags.isCompressed };
  }

  /** Whether evaluations have used it: then the next version is compiled before it is served. */
  get isCompiled(): boolean {
    return this.#version.compiled !== undefined;
  }

  /** The compiled form, if it is there. */
  get compiled(): CompiledEnvironment | undefined {
    return this.#version.ready;
  }

  /** What is remembered of the versions before it. Set before it is served, to that of `extendHistory()`. */
  get history(): History {
    return this.#version.history;
  }

  set history(history: History) {
    this.#version.history = history;
  }

  /**
   * Items by position, for comparing snapshots.
   * @internal
   */
  get items(): Items {
    return this.#version.items;
  }

  /** Positions of the items that come from overrides. */
  get overridden(): readonly number[] {
    return this.#version.overridden;
  }

  /**
   * Creates a snapshot that differs only in its metadata.
   *
   * @param metadata The new metadata.
   * @returns The snapshot; this one when the metadata is the same.
   */
  withMetadata(metadata: EnvironmentMetadata): Snapshot {
    const isSame = JSON.stringify(metadata) === JSON.stringify(this.metadata);
    return isSame ? this : new Snapshot(metadata, this.#version);
  }

  /**
   * Reports whether another snapshot serves the same flags and segments.
   *
   * @param other The other one.
   * @returns Whether it does.
   */
  hasSameData(other: Snapshot): boolean {
    return this.#version === other.#version || this.digest === other.digest;
  }

  /**
   * Finds a flag or a segment.
   *
   * @param kind Kind of the item.
   * @param key Its key.
   * @returns The item, tombstones included; `undefined` if there is none.
   */
  find(kind: ItemKind, key: string): SnapshotItem | undefined {
    const { items, documents } = this.#version;
    const position = items.find(kind, key);
    if (position < 0) return undefined;
    const version = items.getVersion(position);
    if (items.isDeleted(position)) return { version };
    const digest = items.getDigest(position);
    let document = documents.get(digest);
    if (!document) {
      documents.set(digest, document = new LazyDocument([items.getBody(position)], formatEtag(digest)));
    }
    return { version, document };
  }

  /**
   * Compiles flags and segments on first use. Items that a reload did not change keep their compiled form.
   *
   * @param pause Called between items: compiling thousands takes longer than requests should wait.
   * @returns The compiled environment, the same one for all callers.
   */
  compile(pause: Pause): Promise<CompiledEnvironment> {
    const version = this.#version;
    return version.compiled ??= compileItems(version, pause).then((compiled) => {
      version.previous = undefined;
      return version.ready = compiled;
    }, (error) => {
      // The next caller tries again: it failed for want of memory, not because of the data.
      version.compiled = undefined;
      throw error;
    });
  }
}

function toBytes(buffer: ArrayBuffer | undefined): Uint8Array<ArrayBuffer> | undefined {
  return buffer && new Uint8Array(buffer);
}

/** No positions. */
const NONE: readonly never[] = [];

async function compileItems(
  { items, overridden, previous }: Version,
  pause: Pause,
): Promise<CompiledEnvironment> {
  const affected = await findAffected(items, overridden, pause);
  function* list<T extends Flag | Segment>(kind: ItemKind): Generator<Compilable<T> & CompilableFlag> {
    const [start, end] = items.range(kind);
    for (let i = start; i < end; i++) {
      if (items.isDeleted(i)) continue;
      // Data that a load has validated is only parsed here.
      const parse = (): T => items.parse(i) as T;
      yield { key: items.getKey(i), digest: items.getDigest(i), isAffected: affected.has(i), parse };
    }
  }
  const steps = compileInSteps(
    {
      flags: list<Flag>("flags"),
      segments: list<Segment>("segments"),
      ...overridden.length > 0 && { overridden: listKeys(items, overridden) },
    },
    await previous?.catch(() => undefined),
  );
  return await finishSlices(steps, pause);
}

/** Finds the items that come from overrides, and those that refer to one at any depth. */
async function findAffected(
  items: Items,
  overridden: readonly number[],
  pause: Pause,
): Promise<ReadonlySet<number>> {
  const affected = new Set(overridden);
  if (affected.size === 0) return affected;
  const dependents = new Map<number, number[]>();
  await addDependents(dependents, items, (position) => position, pause);
  // Members added to a set during iteration are visited as well.
  for (const position of affected) {
    await pause();
    for (const dependent of dependents.get(position) ?? []) affected.add(dependent);
  }
  return affected;
}

function listKeys(items: Items, positions: readonly number[]): OverriddenKeys {
  const keys = { flags: new Set<string>(), segments: new Set<string>() };
  for (const position of positions) keys[items.getKind(position)].add(items.getKey(position));
  return keys;
}

/**
 * Builds a snapshot in one go, where holding up requests does not matter.
 *
 * @param environment Metadata, and flags and segments in the order in which clients get them.
 * @param previous The snapshot that is served now.
 * @returns The snapshot; `previous` itself when nothing visible has changed.
 */
export function buildSnapshot({ metadata, data }: Environment, previous?: Snapshot): Snapshot {
  const builder = new SnapshotBuilder(0);
  for (const [key, { value, text }] of data.flags) {
    builder.add({ kind: "flags", key, value, text });
  }
  for (const [key, { value, text }] of data.segments) {
    builder.add({ kind: "segments", key, value, text });
  }
  const prepared = builder.finish(metadata);
  return prepared.digest === previous?.digest
    ? previous.withMetadata(metadata)
    : Snapshot.from(prepared, previous);
}
