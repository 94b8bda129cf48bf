/** Joins bytes. */
export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Copies bytes and changes one of them. */
export function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(bytes);
  changed[offset] = value;
  return changed;
}
