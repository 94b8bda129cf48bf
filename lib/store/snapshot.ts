import { eTag } from "@std/http";
import { gzipSync } from "node:zlib";
import type { Environment, EnvironmentData, EnvironmentMetadata, Flag, Item, Segment } from "../model/mod.ts";
import { type CompiledEnvironment, compileEnvironment } from "../evaluation/mod.ts";
import { encodeEvent } from "./event.ts";

/** One JSON document in the forms that clients ask for, and the `put` event that carries it. */
export interface Payload {
  /** UTF-8 JSON. A view into `put`, so that a document is in memory once. */
  body: Uint8Array<ArrayBuffer>;
  /** `body` compressed with gzip. */
  gzip: Uint8Array<ArrayBuffer>;
  /** Weak entity tag of the content: the same for both encodings and on every replica. */
  etag: string;
  /** The server-sent event that brings a stream to this state. */
  put: Uint8Array<ArrayBuffer>;
}

/** Everything that one version of an environment serves, ready to send. Never changed once made. */
export interface Snapshot {
  /** Who the environment is and who may read it. */
  readonly metadata: EnvironmentMetadata;
  /** Flags and segments, one by one. */
  readonly data: EnvironmentData;
  /** `{"flags":{…},"segments":{…}}`: `/sdk/latest-all` and, as event, `/all`. */
  readonly all: Payload;
  /** `{"<key>":{…}}`: `/sdk/flags` and, as event, `/flags`. */
  readonly flags: Payload;
  /** Flags and segments ready for evaluation. */
  readonly compiled: CompiledEnvironment;
}

/**
 * Prepares all that requests will pick up: bodies, compressed bodies, tags and `put` events.
 *
 * @param environment What the archive says.
 * @param previous What is served now. Payloads with equal content are taken from it, so that "changed" is a comparison of
 * objects (`before.all !== after.all`) and memory is not held twice.
 * @returns The snapshot; `previous` itself when nothing that anyone can see has changed.
 */
export async function prepareSnapshot(environment: Environment, previous?: Snapshot): Promise<Snapshot> {
  const { metadata, data } = environment;
  const flagsJson = joinItems(data.flags);
  const allJson = `{"flags":${flagsJson},"segments":${joinItems(data.segments)}}`;
  const all = await preparePayload(allJson, '{"path":"/","data":', "}", previous?.all);
  const flags = await preparePayload(flagsJson, "", "", previous?.flags);
  if (all === previous?.all && JSON.stringify(metadata) === JSON.stringify(previous.metadata)) {
    return previous;
  }
  return { metadata, data, all, flags, compiled: compileEnvironment(data, previous?.compiled) };
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
  head: string,
  tail: string,
  previous?: Payload,
): Promise<Payload> {
  const put = await encodeEvent("put", head + json + tail);
  const start = "event: put\ndata: ".length + head.length;
  const body = put.subarray(start, put.length - tail.length - "\n\n".length);
  const etag = await eTag(body, { weak: true });
  if (previous?.etag === etag) return previous;
  return { body, gzip: new Uint8Array(gzipSync(body)), etag, put };
}
