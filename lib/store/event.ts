import { ServerSentEventStream } from "@std/http";

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
