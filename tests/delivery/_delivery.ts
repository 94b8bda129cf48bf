import {
  Delivery,
  type DeliveryOptions,
  type PacedBody,
  prepareServerChannels,
} from "../../lib/delivery/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { makeLog, text } from "../_environments.ts";

const NEVER = 2 ** 30;

/** A delivery in which nothing happens by itself unless the options say so. */
export function makeDelivery(store: Store, options: Partial<DeliveryOptions> = {}): Delivery {
  return new Delivery({
    store,
    log: makeLog(),
    maxPayloadBytesInFlight: 3_000_000,
    maxStreams: 100,
    heartbeatInterval: 0,
    pingStreamJitterTime: 0,
    maxClientConnectionTime: 0,
    expiredCredentialCleanupInterval: NEVER,
    clientWriteMinBytesPerSecond: 0,
    clientWriteSlack: NEVER,
    clientWriteMaxTime: 0,
    ...options,
  });
}

/** Takes all the room that there is. */
export const HUGE = { make: () => {}, measure: () => NEVER, finish: () => {} };

/** Starts a body as a transport does, and returns its reader. */
export function readerOf(body: PacedBody): ReadableStreamDefaultReader<Uint8Array> {
  return new ReadableStream<Uint8Array>(body, { highWaterMark: 0 }).getReader();
}

/** Opens a stream of a server-side SDK; returns its reader. */
export async function open(
  delivery: Delivery,
  store: Store,
  id = "e1",
  credential = `sdk-${id}`,
  kind: "all" | "flags" = "all",
): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const channel = prepareServerChannels(kind)();
  const snapshot = store.get(id)!.snapshot!;
  const stream = await delivery.open({
    channel,
    environmentId: id,
    snapshot,
    credentialKind: "sdk",
    credential,
  });
  return readerOf(stream!);
}

/** Reads a piece as text; `undefined` at the end. */
export async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read();
  return done ? undefined : text(value);
}
