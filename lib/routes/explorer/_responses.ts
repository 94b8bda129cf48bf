import { lengthOf, type Parts, Pieces } from "../../wire/mod.ts";
import { JsonText, type Work } from "./_json_text.ts";

/** Longest time in which an answer is read. A page reads it at once; a minute is a very slow line. @limit ms: the connection is closed */
const MAX_SENDING_TIME = 60_000;

/**
 * Writes a short value as JSON, in one go.
 *
 * @param value The value.
 * @returns The JSON in UTF-8.
 */
export function toParts(value: unknown): Parts {
  return [new TextEncoder().encode(JSON.stringify(value))];
}

/**
 * Writes a value as JSON, in slices.
 *
 * @param value The value.
 * @param work Is paused between its members, and charged.
 * @returns The JSON in UTF-8.
 * @throws {ApiError} When it is too long.
 */
export async function writeParts(value: unknown, work: Work): Promise<Parts> {
  const text = new JsonText(work);
  await text.addValue(value);
  return text.finish();
}

/**
 * Answers with bytes that may be shared, piece by piece: however slow the reader is, it holds one besides them.
 *
 * @param parts JSON.
 * @param onEnd Called once when they have been sent, or their client has gone or has not read them in time.
 * @param sendingTime Longest time in which they are read: ms. @default {60,000}
 * @returns The answer.
 */
export function respondWithParts(
  parts: Parts,
  onEnd: () => void,
  sendingTime: number = MAX_SENDING_TIME,
): Response {
  const pieces = new Pieces(parts);
  let timer: ReturnType<typeof setTimeout>;
  function end(): void {
    clearTimeout(timer);
    onEnd();
  }
  const body = new ReadableStream({
    type: "bytes",
    start(controller) {
      timer = setTimeout(() => {
        controller.close();
        onEnd();
      }, sendingTime);
    },
    pull(controller) {
      // A copy: who reads a byte stream gets its buffers for good.
      controller.enqueue(pieces.take()!.slice());
      if (!pieces.isEmpty) return;
      controller.close();
      end();
    },
    cancel: end,
  });
  const headers = {
    "content-type": "application/json",
    "content-length": `${lengthOf(parts)}`,
    "cache-control": "no-store",
  };
  return new Response(body, { headers });
}
