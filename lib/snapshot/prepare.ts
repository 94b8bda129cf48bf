import { eTag } from "@std/http";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Environment, EnvironmentMetadata, Flag, Item, Segment } from "../model/mod.ts";
import { concat, encodeEvent, type Parts } from "../wire/mod.ts";

/** One JSON document in the forms that clients ask for, and the `put` event that carries it. */
export interface Payload {
  /** UTF-8 JSON: a view of shared memory. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Weak entity tag of the content: the same for both encodings and on every replica. */
  readonly etag: string;
  /** The server-sent event that brings a stream to this state: views of the same memory. */
  readonly put: Parts;
  /**
   * Returns `body` compressed with gzip.
   *
   * @returns The bytes, made once for all who ask.
   */
  gzip(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A document as a load hands it over. */
export interface PreparedPayload {
  /** UTF-8 JSON. */
  body: Uint8Array<ArrayBuffer>;
  /** The same, compressed with gzip. */
  gzip: Uint8Array<ArrayBuffer>;
  /** Weak entity tag. */
  etag: string;
}

/**
 * Makes a payload of what a load handed over.
 *
 * @param prepared The document.
 * @param wrap What stands around it in a `put`.
 * @returns The payload.
 */
export function toPayload(
  { body, gzip, etag }: PreparedPayload,
  wrap: [head: string, tail: string],
): Payload {
  const [head, tail] = wrap.map((text) => new TextEncoder().encode(text));
  return { body, etag, put: encodeEvent("put", [head!, body, tail!]), gzip: () => Promise.resolve(gzip) };
}

/** What tells a load which parts of an environment are served already. */
export interface KnownEnvironment {
  /** Tag of the payload `all`. */
  allEtag: string;
  /** Tag of the payload `flags`. */
  flagsEtag: string;
  /** Digests of all flags and segments, one after the other. */
  digests: Uint8Array<ArrayBuffer>;
}

/** Flags or segments on their way from a load to what serves: all keys, but texts only of what is new. */
export interface PreparedItems {
  /** All keys in ascending order. */
  keys: string[];
  /** Indexes into `keys` of the items that are new or changed. */
  changed: Uint32Array<ArrayBuffer>;
  /** Texts of the changed items, one after the other: UTF-8. */
  texts: Uint8Array<ArrayBuffer>;
  /** Where each of these texts ends in `texts`: bytes. */
  ends: Uint32Array<ArrayBuffer>;
}

/** An environment as a load hands it over: bytes and what changed, never an object graph. */
export interface PreparedEnvironment {
  /** Who it is and who may read it. */
  metadata: EnvironmentMetadata;
  /** Flags and segments; absent when the known one is the same. */
  all?: PreparedPayload;
  /** Flags alone; absent when the known one is the same. */
  flags?: PreparedPayload;
  /** The flags, tombstones included. */
  flagItems: PreparedItems;
  /** The segments, tombstones included. */
  segmentItems: PreparedItems;
  /** Digests of all flags and segments, one after the other. */
  digests: Uint8Array<ArrayBuffer>;
}

/** Size of an item's digest: bytes of a SHA-256, cut; enough that no two items ever share one. */
const DIGEST_BYTES = 16;

/**
 * Prepares all that requests will pick up: bodies, compressed bodies, tags and `put` events. This is the costly part of a
 * reload, so it runs where it does not hold up requests.
 *
 * @param environment What the archive says.
 * @param known What is served now, if anything is.
 * @returns What is new; all its buffers may be transferred.
 */
export async function prepareEnvironment(
  { metadata, data }: Environment,
  known?: KnownEnvironment,
): Promise<PreparedEnvironment> {
  const flagsJson = joinItems(data.flags);
  const allJson = `{"flags":${flagsJson},"segments":${joinItems(data.segments)}}`;
  const all = await preparePayload(allJson, known?.allEtag);
  const flags = await preparePayload(flagsJson, known?.flagsEtag);
  const knownDigests = splitDigests(known?.digests);
  const digests: Uint8Array[] = [];
  return {
    metadata,
    ...all && { all },
    ...flags && { flags },
    flagItems: prepareItems("flags", data.flags, knownDigests, digests),
    segmentItems: prepareItems("segments", data.segments, knownDigests, digests),
    digests: concat(digests),
  };
}

/** Tombstones are left out: several SDKs stumble over what the Relay Proxy sends for them. */
function joinItems(items: Map<string, Item<Flag> | Item<Segment>>): string {
  const members: string[] = [];
  for (const [key, { value, text }] of items) {
    if (value.deleted !== true) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

async function preparePayload(
  json: string,
  knownEtag: string | undefined,
): Promise<PreparedPayload | undefined> {
  const body = new TextEncoder().encode(json);
  const etag = await eTag(body, { weak: true });
  return etag === knownEtag ? undefined : { body, gzip: new Uint8Array(gzipSync(body)), etag };
}

/** Finds what is not known yet, and adds every item's digest to `digests`. */
function prepareItems(
  kind: string,
  items: Map<string, Item<Flag> | Item<Segment>>,
  known: Set<string>,
  digests: Uint8Array[],
): PreparedItems {
  const changed: number[] = [];
  const texts: Uint8Array[] = [];
  const ends: number[] = [];
  const encoder = new TextEncoder();
  let end = 0;
  let index = 0;
  for (const [key, { text }] of items) {
    // As JSON, since a key may hold half a surrogate pair: in UTF-8 one half is the same as another.
    const digest = createHash("sha256").update(`${kind}\0${JSON.stringify(key)}\0${text}`).digest()
      .subarray(0, DIGEST_BYTES);
    digests.push(digest);
    if (!known.has(digest.toString("latin1"))) {
      const bytes = encoder.encode(text);
      changed.push(index);
      texts.push(bytes);
      ends.push(end += bytes.length);
    }
    index++;
  }
  return {
    keys: [...items.keys()],
    changed: new Uint32Array(changed),
    texts: concat(texts),
    ends: new Uint32Array(ends),
  };
}

function splitDigests(digests: Uint8Array = new Uint8Array()): Set<string> {
  const split = new Set<string>();
  for (let i = 0; i < digests.length; i += DIGEST_BYTES) {
    split.add(String.fromCharCode(...digests.subarray(i, i + DIGEST_BYTES)));
  }
  return split;
}
