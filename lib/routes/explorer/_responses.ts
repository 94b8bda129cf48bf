import { type Pause, Pieces } from "../../wire/mod.ts";
import { JsonText } from "./_json_text.ts";

/** Headers of an answer. */
const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/**
 * Answers with JSON.
 *
 * @param text The JSON.
 * @returns The answer.
 */
export function respond(text: string): Response {
  return new Response(text, { headers: HEADERS });
}

/**
 * Answers with a value.
 *
 * @param value The value: see {@linkcode JsonText.addValue}.
 * @param pause Called between its members.
 * @returns The answer.
 * @throws {ApiError} When it is too long.
 */
export async function respondJson(value: unknown, pause: Pause): Promise<Response> {
  const text = new JsonText(pause);
  await text.addValue(value);
  return respond(text.toString());
}

/**
 * Answers with bytes that are shared, piece by piece: however slow the reader is, it holds one.
 *
 * @param bytes JSON.
 * @returns The answer.
 */
export function respondPieces(bytes: Uint8Array<ArrayBuffer>): Response {
  const pieces = new Pieces([bytes]);
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.take();
      // A copy: who reads a byte stream gets its buffers for good.
      if (piece) controller.enqueue(piece.slice());
      else controller.close();
    },
  });
  return new Response(body, { headers: { ...HEADERS, "content-length": `${bytes.length}` } });
}
