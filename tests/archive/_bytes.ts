/** Copies bytes and changes one of them. */
export function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(bytes);
  changed[offset] = value;
  return changed;
}
