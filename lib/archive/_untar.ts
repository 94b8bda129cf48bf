import { UntarStream } from "@std/tar";
import { ArchiveError } from "./archive_error.ts";
import type { TarFile } from "./_guard.ts";
import { BLOCK, writeHeader } from "./_header.ts";

/** How much of a file `UntarStream` is given at a time: bytes. It is twice as fast as with the whole at once. */
const CHUNK_BYTES = 128 * BLOCK;

/**
 * Reads the files that the guard has passed with `@std/tar`, which gets to see nothing but plain headers, their content
 * and the end of the tar. Both must agree.
 *
 * @param files What the guard found.
 * @returns Content by name.
 * @throws {ArchiveError} When the library sees other files than the guard.
 */
export async function untar(files: TarFile[]): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  try {
    for await (
      const { path, readable } of ReadableStream.from(plainTar(files)).pipeThrough(new UntarStream())
    ) {
      contents.set(path, await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).bytes());
    }
  } catch (cause) {
    throw new ArchiveError("tar-library", "@std/tar refuses what seems a good tar", { cause });
  }
  if (contents.size !== files.length || files.some((file) => contents.get(file.name)?.length !== file.size)) {
    throw new ArchiveError("tar-library", "@std/tar sees other files than the headers say");
  }
  return contents;
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
