import { TarStream, type TarStreamInput } from "@std/tar";
import { gzipSync } from "node:zlib";
import { computeChecksum, sortByBytes } from "./_checksum.ts";

/** The two files of an environment. */
export interface EnvironmentFiles {
  /** ID of the environment. */
  id: string;
  /** JSON text of `<id>.json`. */
  metadata: string;
  /** JSON text of `<id>-data.json`. */
  data: string;
}

/** Offset of the operating system in a gzip header: bytes (RFC 1952, 2.3.1). */
const GZIP_OS_OFFSET = 9;

/** "Unknown": the same on every host. */
const GZIP_OS_UNKNOWN = 255;

/**
 * Writes an offline archive. The same files become the same bytes: entries are sorted, without time or host. Texts are written
 * as they are; read the archive back to validate it.
 *
 * @param environments Files of each environment.
 * @returns A `.tar.gz`.
 * @throws {TypeError} When two environments have one ID, or an ID ends like the name of a data file.
 * @throws {RangeError} When an ID is too long for the name of an entry (100 bytes with `-data.json`).
 */
export async function writeArchive(environments: EnvironmentFiles[]): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { id, metadata, data } of environments) {
    if (files.has(`${id}.json`)) {
      throw new TypeError(`Cannot write archive: environment "${id}" is there twice`);
    }
    if (id.endsWith("-data")) {
      throw new TypeError(`Cannot write archive: "${id}" cannot be an ID, its metadata would pass for data`);
    }
    files.set(`${id}.json`, encoder.encode(metadata));
    files.set(`${id}-data.json`, encoder.encode(data));
  }
  files.set("checksum.md5", new Uint8Array(computeChecksum(files)));
  const entries = sortByBytes(files.keys()).map((name): TarStreamInput => ({
    type: "file",
    path: name,
    size: files.get(name)!.length,
    readable: new Blob([files.get(name)!]).stream(),
    options: { mtime: 0 },
  }));
  const tar = await new Response(ReadableStream.from(entries).pipeThrough(new TarStream())).bytes();
  const archive = new Uint8Array(gzipSync(tar, { level: 9 }));
  archive[GZIP_OS_OFFSET] = GZIP_OS_UNKNOWN;
  return archive;
}
