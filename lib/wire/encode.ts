import { lengthOf } from "./event.ts";
import type { Pause } from "./pause.ts";

/** Size of a slice of encoding: UTF-16 units. It takes less than a millisecond. */
const SLICE_UNITS = 256 * 1024;

const ENCODER = new TextEncoder();

/**
 * Encodes text as UTF-8, and serves requests in between.
 *
 * @param text The text.
 * @param pause Called between two slices.
 * @returns The bytes.
 */
export async function encodeText(text: string, pause: Pause): Promise<Uint8Array<ArrayBuffer>> {
  if (text.length <= SLICE_UNITS) return ENCODER.encode(text);
  const slices: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0, end: number; start < text.length; start = end) {
    end = Math.min(start + SLICE_UNITS, text.length);
    // Half of a surrogate pair would be encoded as U+FFFD.
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end++;
    slices.push(ENCODER.encode(text.slice(start, end)));
    await pause();
  }
  const whole = new Uint8Array(lengthOf(slices));
  let offset = 0;
  for (const slice of slices) {
    whole.set(slice, offset);
    offset += slice.length;
    await pause();
  }
  return whole;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
