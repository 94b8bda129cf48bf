/** A server-sent event. */
export interface ServerEvent {
  /** Its name. */
  name: string;
  /** Its data. */
  data: string;
}

/**
 * Takes events out of a body. Comments are passed over.
 *
 * @param pieces The body.
 * @returns The events, as long as it goes on.
 * @throws {SyntaxError} When there is anything else in it.
 */
export async function* readEvents(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<ServerEvent, void> {
  const decoder = new TextDecoder("latin1");
  // What a large event is made of is looked at once: to search all of it each time would copy it each time.
  let begun = "";
  let hasLineEnd = false;
  for await (const piece of pieces) {
    for (let rest = decoder.decode(piece); rest !== "";) {
      // The end of an event may have been cut in two by the way it arrived.
      const end = hasLineEnd && rest.startsWith("\n") ? 0 : rest.indexOf("\n\n");
      if (end < 0) {
        begun += rest;
        hasLineEnd = rest.endsWith("\n");
        break;
      }
      const event = parseEvent((begun + rest.slice(0, end)).trimEnd());
      rest = rest.slice(hasLineEnd && end === 0 ? 1 : end + 2);
      begun = "";
      hasLineEnd = false;
      if (event) yield event;
    }
  }
}

function parseEvent(text: string): ServerEvent | undefined {
  if (text === ":") return undefined;
  const parts = /^event: (\w+)\ndata: ?(.*)$/.exec(text);
  if (!parts) throw new SyntaxError(`No event: ${JSON.stringify(text.slice(0, 100))}`);
  return { name: parts[1]!, data: parts[2]! };
}
