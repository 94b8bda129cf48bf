/**
 * Reads a small file. Anything else at its path, such as a device that never ends or a pipe without a writer, is refused without
 * reading.
 *
 * @param path Path of the file.
 * @param maxBytes Maximum length: bytes.
 * @returns Its content.
 * @throws {TypeError} When it is not a regular file.
 * @throws {RangeError} When it is too long.
 * @throws {Deno.errors.NotFound} When there is none; other read errors likewise.
 */
export function readSmallFile(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const { isFile, isDirectory } = Deno.statSync(path);
  if (!isFile) throw new TypeError(isDirectory ? "is a directory" : "not a regular file");
  using file = Deno.openSync(path);
  // System files have more in them than their stat reports.
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length <= maxBytes) {
    const read = file.readSync(bytes.subarray(length)) ?? 0;
    if (read === 0) return bytes.slice(0, length);
    length += read;
  }
  throw new RangeError(`larger than ${maxBytes} bytes`);
}
