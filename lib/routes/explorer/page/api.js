// Questions to the API beside the page.

const ROOT = new URL("api/", import.meta.url);

/** Most that is read of a document to be shown: bytes. */
export const MAX_SHOWN_BYTES = 256 * 1024;

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

async function send(segments, { body, signal }) {
  const response = await fetch(addressOf(...segments), {
    ...body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    },
    cache: "no-store",
    signal,
  }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Halyard cannot be reached", "see whether it runs, then try again");
  });
  if (response.ok) return response;
  const { error, hint } = await response.json().catch(() => ({}));
  throw new ApiError(response.status, error ?? `the answer is ${response.status}`, hint);
}
