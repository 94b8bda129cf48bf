import { ServerSentEventStream } from "@std/http";
import { concat } from "./_concat.ts";
import type { Pause } from "./pause.ts";

/**
 * Encodes one server-sent event as the bytes that every stream gets.
 *
 * The wire is `event: <name>`, `data: <data>` and an empty line: the encoder writes no space after its colons, the Relay
 * Proxy writes one, hence the blanks here. No `id:` and no `retry:`, which LaunchDarkly's streams do not use.
 *
 * @param event Name of the event, e.g. `put`.
 * @param data One line of data, usually JSON without whitespace.
 * @returns The event's bytes.
 */
export async function encodeEvent(event: string, data: string): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new ServerSentEventStream();
  const written = encoder.writable.getWriter().write({ event: ` ${event}`, data: ` ${data}` });
  const { value } = await encoder.readable.getReader().read();
  await written;
  return value as Uint8Array<ArrayBuffer>;
}

/**
 * Encodes several server-sent events, one after the other.
 *
 * @param events Name and data of each.
 * @param maxBytes How long they may be together: bytes.
 * @param pause Is called between events.
 * @returns The events' bytes, or `undefined` when they would be longer than that.
 */
export async function encodeEvents(
  events: Iterable<[event: string, data: string]>,
  maxBytes: number,
  pause: Pause,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const [event, data] of events) {
    await pause();
    const part = await encodeEvent(event, data);
    length += part.length;
    if (length > maxBytes) return undefined;
    parts.push(part);
  }
  return concat(parts);
}
