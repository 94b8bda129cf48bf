import type { Pause } from "../../wire/mod.ts";
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
