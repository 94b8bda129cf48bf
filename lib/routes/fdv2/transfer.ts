import { hash } from "node:crypto";
import type { Change, Snapshot } from "../../snapshot/mod.ts";
import { encodeEvent, lengthOf, type Parts, type Pause } from "../../wire/mod.ts";

/** Version of every payload. Clients go by its state; an archive has no such version. */
const PAYLOAD_VERSION = 1;

/** Length of a payload's identifier and of the digest in its state: characters of hexadecimal text. */
const [ID_LENGTH, DIGEST_LENGTH] = [8, 20];

/** End of the state of a client that has been told of deletions. */
const DELETED = ":d";

const ENCODER = new TextEncoder();

/** A message of FDv2. */
export interface Message {
  /** Its name. */
  event: string;
  /** Its data, JSON; up to `object` if there is one. */
  data: string;
  /** JSON that ends the data, but for a closing brace: a view that is sent as it is. */
  object?: Uint8Array<ArrayBuffer>;
}

/** What a transfer does to the data that a client has. */
export type IntentCode = "none" | "xfer-full" | "xfer-changes";

const REASONS: Readonly<Record<IntentCode, string>> = {
  "none": "up-to-date",
  "xfer-full": "payload-missing",
  "xfer-changes": "stale",
};

/** A payload in one version: the data of an environment, or what a context gets of it. */
export interface Payload {
  /** Identifier, the same for all versions. */
  id: string;
  /** Selector: says of which content it is. A client sends it back as `basis`. */
  state: string;
}

/**
 * Describes a payload by its content, so that all replicas describe it alike.
 *
 * @param environmentId Client-side ID of its environment.
 * @param digest Digest of the content.
 * @param hasDeleted Whether the client has been told of deletions on the way to it, which its SDK may remember. @default {false}
 * @returns Identifier and selector, of characters that mean the same in a query whether they are escaped or not.
 */
export function describePayload(environmentId: string, digest: string, hasDeleted = false): Payload {
  const id = hash("sha256", environmentId).slice(0, ID_LENGTH);
  const content = hash("sha256", digest).slice(0, DIGEST_LENGTH);
  return { id, state: `(p:${id}:${content}${hasDeleted ? DELETED : ""})` };
}

/**
 * Lists the messages of a transfer.
 *
 * @param payload What the client then has.
 * @param intentCode What the transfer does.
 * @param objects Messages of the objects that are put or deleted.
 * @returns All messages in order.
 */
export function* listMessages(
  { id, state }: Payload,
  intentCode: IntentCode,
  objects: Iterable<Message> = [],
): Generator<Message> {
  // Exactly one payload: some SDKs take no other number.
  const payloads = [{ id, target: PAYLOAD_VERSION, intentCode, reason: REASONS[intentCode] }];
  yield { event: "server-intent", data: JSON.stringify({ payloads }) };
  if (intentCode === "none") return;
  yield* objects;
  yield { event: "payload-transferred", data: JSON.stringify({ state, version: PAYLOAD_VERSION, id }) };
}

/**
 * Lists the messages of all flags and segments.
 *
 * @param snapshot The snapshot.
 * @returns A message for each.
 */
export function* listObjects({ items }: Snapshot): Generator<Message> {
  for (let i = 0; i < items.count; i++) {
    if (items.isDeleted(i)) continue;
    const [kind, key, version] = [items.getKind(i), items.getKey(i), items.getVersion(i)];
    yield formatChange({ kind, key, version, body: items.getBody(i) });
  }
}

/**
 * Formats a change of a flag or a segment.
 *
 * @param change The change.
 * @returns Its message.
 */
export function formatChange({ kind, key, version, body }: Change): Message {
  const envelope = `{"kind":"${kind === "flags" ? "flag" : "segment"}","key":${
    JSON.stringify(key)
  },"version":${version}`;
  return body
    ? { event: "put-object", data: `${envelope},"object":`, object: body }
    : { event: "delete-object", data: `${envelope}}` };
}

/** How messages are put together. */
interface Framing {
  /** Text before all. */
  start: string;
  /** Text before a message's data. */
  open(event: string): string;
  /** Text after it. */
  close: string;
  /** Text between two messages. */
  separator: string;
  /** Text after all. */
  end: string;
}

/** Server-sent events. */
export const EVENTS: Framing = {
  start: "",
  open: (event) => `event: ${event}\ndata: `,
  close: "\n\n",
  separator: "",
  end: "",
};

/** The document of a poll. */
export const DOCUMENT: Framing = {
  start: '{"events":[',
  open: (event) => `{"event":"${event}","data":`,
  close: "}",
  separator: ",",
  end: "]}",
};

/** Last event of a stream whose relay shuts down: its client connects anew. */
export const GOODBYE: Parts = encodeEvent("goodbye", '{"reason":"the relay is shutting down"}');

/**
 * Puts messages together whose data is nothing but text.
 *
 * @param messages The messages.
 * @param framing How.
 * @returns The text.
 */
export function frameTexts(
  messages: Iterable<Message>,
  { start, open, close, separator, end }: Framing,
): string {
  const texts = Array.from(messages, ({ event, data }) => open(event) + data + close);
  return start + texts.join(separator) + end;
}

/** Options for {@linkcode frame}. */
export interface FrameOptions {
  /** Maximum length: bytes. @default {no limit} */
  maxBytes?: number;
  /** Called between messages. */
  pause: Pause;
}

/**
 * Puts messages together. Objects are not copied: what stands between them is a part of its own.
 *
 * @param messages The messages.
 * @param framing How.
 * @param options Limit and pause.
 * @returns The bytes; `undefined` when they are longer than that.
 */
export async function frame(
  messages: Iterable<Message>,
  { start, open, close, separator, end }: Framing,
  { maxBytes = Infinity, pause }: FrameOptions,
): Promise<Parts | undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let text = start;
  let length = 0;
  let isFirst = true;
  for (const { event, data, object } of messages) {
    await pause();
    if (!isFirst) text += separator;
    isFirst = false;
    text += open(event) + data;
    if (object) {
      const added = [ENCODER.encode(text), object];
      if ((length += lengthOf(added)) > maxBytes) return undefined;
      parts.push(...added);
      text = "}";
    }
    text += close;
  }
  const last = ENCODER.encode(text + end);
  return length + last.length > maxBytes ? undefined : [...parts, last];
}
