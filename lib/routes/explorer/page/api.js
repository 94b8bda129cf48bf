// Questions to the API beside the page.

const ROOT = new URL("api/", import.meta.url);

/** Most that is read of a document to be shown: bytes. */
export const MAX_SHOWN_BYTES = 256 * 1024;

/** Most of an event that is shown: characters. */
const MAX_EVENT_LENGTH = 2_000;

/** An answer that is an error, in words. */
export class ApiError extends Error {
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** The address of a path: segments. */
export function addressOf(...segments) {
  return new URL(segments.map(encodeURIComponent).join("/"), ROOT);
}

/** Asks by GET, or by POST if there is a body. */
export async function ask(segments, { body, signal } = {}) {
  return await (await send(segments, { body, signal })).json();
}

/** Reads the beginning of a document: its text, its length in bytes (NaN: unknown), and whether there is more. */
export async function askForText(segments, { body, signal } = {}) {
  const response = await send(segments, { body, signal });
  const whole = Number(response.headers.get("content-length") ?? NaN);
  const reader = response.body.getReader();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let [text, length] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), length, isCut: false };
    const rest = MAX_SHOWN_BYTES - length;
    length += value.length;
    if (value.length > rest) {
      await reader.cancel();
      return {
        text: text + decoder.decode(value.subarray(0, rest), { stream: true }),
        length: whole,
        isCut: true,
      };
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Reads an event stream until it ends: each event as `[{text, length}]`, of the text the beginning. */
export async function askForEvents(segments, { body, signal, onEvents }) {
  const response = await send(segments, { body, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new EventSplitter();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onEvents(events.push(value));
  }
}

/** Splits an event stream at its empty lines, as its pieces come. */
export class EventSplitter {
  #event = { text: "", length: 0 };
  /** The end of a line with which the last piece ended: the next one may begin with an empty line. */
  #held = "";

  /** Takes the next piece. Returns the events that have ended in it. */
  push(piece) {
    const [first, ...others] = `${this.#held}${piece}`.split("\n\n");
    const ended = [];
    let part = first;
    for (const next of others) {
      this.#add(part);
      ended.push(this.#event);
      this.#event = { text: "", length: 0 };
      part = next;
    }
    this.#held = part.endsWith("\n") ? "\n" : "";
    this.#add(this.#held ? part.slice(0, -1) : part);
    return ended;
  }

  #add(part) {
    this.#event.text += part.slice(0, MAX_EVENT_LENGTH - this.#event.text.length);
    this.#event.length += part.length;
  }
}

/** Takes the answer that early.js has asked for, if it has; once. */
function takeEarly({ href }) {
  const answer = globalThis.earlyAnswers?.get(href);
  globalThis.earlyAnswers?.delete(href);
  return answer;
}

async function send(segments, { body, signal }) {
  const address = addressOf(...segments);
  const asked = takeEarly(address) ?? fetch(address, {
    ...body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    },
    cache: "no-store",
    signal,
  });
  const response = await asked.catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Halyard cannot be reached", "see whether it runs, then try again");
  });
  if (response.ok) return response;
  const { error, message, hint } = await response.json().catch(() => ({}));
  throw new ApiError(response.status, error ?? message ?? `the answer is ${response.status}`, hint);
}
