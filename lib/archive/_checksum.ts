import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/**
 * Computes the content of `checksum.md5`: MD5 over the contents of all environments' files, in byte order of their
 * names. It finds damage; it proves nothing about who made the archive.
 *
 * @param files Content by name; the two files of each environment and nothing else.
 * @returns 16 bytes.
 */
export function computeChecksum(files: Map<string, Uint8Array>): Uint8Array {
  const hash = createHash("md5");
  for (const name of sortByBytes(files.keys())) hash.update(files.get(name)!);
  return hash.digest();
}

/** Sorts names as the Relay Proxy does: by their UTF-8 bytes. */
export function sortByBytes(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
