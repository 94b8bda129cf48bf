import { Buffer } from "node:buffer";
import { UntarStream } from "@std/tar";
import { ArchiveError } from "./archive_error.ts";
import type { TarFile } from "./_guard.ts";
import { BLOCK, writeHeader } from "./_header.ts";

/** Size of the chunks that `UntarStream` reads: bytes. It is twice as fast as with the whole at once. */
const CHUNK_BYTES = 128 * BLOCK;

/**
 * Reads the files that the guard has passed with `@std/tar`, which gets to see nothing but plain headers, their content
 * and the end of the tar. Both must agree; the content stays where it is, in the tar.
 *
 * @param files Files that the guard has passed.
 * @returns Content by name: views of the tar.
 * @throws {ArchiveError} When the library sees other files than the guard.
 */
export async function untar(files: TarFile[]): Promise<Map<string, Uint8Array>> {
  const contents = new Map(files.map(({ name, size, blocks }) => [name, blocks.subarray(0, size)]));
  let count = 0;
  try {
    for await (
      const { path, readable } of ReadableStream.from(plainTar(files)).pipeThrough(new UntarStream())
    ) {
      count++;
      if (!await isEqual(readable ?? ReadableStream.from([]), contents.get(path))) throw disagreement();
    }
  } catch (cause) {
    if (cause instanceof ArchiveError) throw cause;
    throw new ArchiveError("tar-library", "@std/tar refuses what seems a good tar", { cause });
  }
  if (count !== contents.size || count !== files.length) throw disagreement();
  return contents;
}

async function isEqual(
  stream: ReadableStream<Uint8Array>,
  bytes: Uint8Array = new Uint8Array(),
): Promise<boolean> {
  let offset = 0;
  let isSame = true;
  for await (const chunk of stream) {
    isSame &&= Buffer.compare(chunk, bytes.subarray(offset, offset += chunk.length)) === 0;
  }
  return isSame && offset === bytes.length;
}

function disagreement(): ArchiveError {
  return new ArchiveError("tar-library", "@std/tar sees other files than the headers say");
}

function* plainTar(files: TarFile[]): Generator<Uint8Array> {
  for (const { name, size, blocks } of files) {
    yield writeHeader(name, size);
    for (let offset = 0; offset < blocks.length; offset += CHUNK_BYTES) {
      yield blocks.subarray(offset, offset + CHUNK_BYTES);
    }
  }
  yield new Uint8Array(2 * BLOCK);
}
