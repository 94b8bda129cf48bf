/**
 * Stand-in for `@std/http` where no JSR is reached: the names that Halyard uses, with the same results.
 *
 * @module
 */
import Negotiator from "negotiator";

/** Options of `eTag`. */
export interface ETagOptions {
  /** Whether the tag is marked as weak. @default {false} */
  weak?: boolean;
}

/**
 * Computes the entity tag of a body: its length in hex and the start of its SHA-256 in base64.
 *
 * @param entity The body.
 * @param options Weak or strong.
 * @returns The tag with its quotes.
 */
export async function eTag(
  entity: string | Uint8Array<ArrayBuffer>,
  options: ETagOptions = {},
): Promise<string> {
  const bytes = typeof entity === "string" ? new TextEncoder().encode(entity) : entity;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const tag = `"${bytes.length.toString(16)}-${digest.toBase64().slice(0, 27)}"`;
  return options.weak ? `W/${tag}` : tag;
}

/**
 * Reports whether a request with this `If-None-Match` needs the body, comparing weakly (RFC 9110, 13.1.2).
 *
 * @param value The header's value.
 * @param etag The tag of what would be sent.
 * @returns `false` if the client has it, so that 304 is the answer.
 */
export function ifNoneMatch(value: string | null, etag: string | undefined): boolean {
  if (!value || !etag) return true;
  if (value.trim() === "*") return false;
  return !value.split(/\s*,\s*/).map(opaque).includes(opaque(etag));
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}

/**
 * Picks the content encoding that the client likes best.
 *
 * @param request Its `Accept-Encoding` counts.
 * @param encodings What is on offer, the server's favourite first; `identity` has to be named too.
 * @returns One of `encodings`, or `undefined` if the client refuses all.
 */
export function acceptsEncodings<T extends string = string>(
  request: Pick<Request, "headers">,
  ...encodings: [T, ...T[]]
): T | undefined {
  const accepted = request.headers.get("accept-encoding");
  if (!accepted) return encodings[0];
  return new Negotiator({ headers: { "accept-encoding": accepted } }).encoding(encodings);
}

/** One event of a stream, or one comment. */
export interface ServerSentEventMessage {
  /** Comment, which clients skip. */
  comment?: string;
  /** The event's name, on one line. */
  event?: string;
  /** The payload; each of its lines becomes a `data` field. */
  data?: string;
  /** ID, on one line; clients send it back as `Last-Event-ID`. */
  id?: string | number;
  /** How long clients wait before they connect again, in ms. */
  retry?: number;
}

/** Turns messages into the bytes of an event stream. An event name or ID with a line break errors the stream with a `SyntaxError`. */
export class ServerSentEventStream extends TransformStream<ServerSentEventMessage, Uint8Array> {
  /** Makes a stream for one response. */
  constructor() {
    super({ transform: (message, controller) => controller.enqueue(encodeMessage(message)) });
  }
}

const LINE_BREAK = /\r\n|\r|\n/;

function encodeMessage(message: ServerSentEventMessage): Uint8Array {
  const lines: string[] = [];
  for (const line of message.comment?.split(LINE_BREAK) ?? []) lines.push(`:${line}`);
  if (message.event !== undefined) lines.push(`event:${singleLine(message.event, "event")}`);
  for (const line of message.data?.split(LINE_BREAK) ?? []) lines.push(`data:${line}`);
  if (message.id !== undefined) lines.push(`id:${singleLine(String(message.id), "id")}`);
  if (message.retry !== undefined) lines.push(`retry:${message.retry}`);
  return new TextEncoder().encode(`${lines.join("\n")}\n\n`);
}

function singleLine(value: string, name: string): string {
  if (!LINE_BREAK.test(value)) return value;
  throw new SyntaxError(`Cannot serialize message: \`message.${name}\` cannot contain a newline`);
}
