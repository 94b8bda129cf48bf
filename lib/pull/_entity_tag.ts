import { readSmallFile } from "../wire/mod.ts";
import { describeFileError } from "./_describe_file_error.ts";
import { PullError } from "./pull_error.ts";

/** Largest file with an entity tag: ours have some hundred bytes. @limit bytes: the file does not count */
const MAX_FILE_BYTES = 16 * 1024;

/** Longest entity tag that is kept. Servers put a digest or a time there. @limit characters: it is not kept */
const MAX_TAG_LENGTH = 1024;

/** An archive's version on a server, and the file that was made of it. */
export interface KeptTag {
  /** URL of the archive, without its query. */
  url: string;
  /** Entity tag that the server gave it. */
  etag: string;
  /** SHA-256 of the file: lower-case hex. */
  sha256: string;
}

/**
 * Reads the entity tag of a file. Of another file, or from another server, it does not count.
 *
 * @param path Path of the file.
 * @param expected URL of the archive, and digest of the file that is there.
 * @returns The entity tag; `undefined` if there is none.
 */
export function readEntityTag(path: string, expected: Omit<KeptTag, "etag">): string | undefined {
  try {
    const kept = JSON.parse(new TextDecoder().decode(readSmallFile(`${path}.etag`, MAX_FILE_BYTES)));
    const isOurs = kept?.url === expected.url && kept.sha256 === expected.sha256;
    return isOurs && isEntityTag(kept.etag) ? kept.etag : undefined;
  } catch {
    return undefined; // It saves a download, no more.
  }
}

/**
 * Keeps the entity tag of a file beside it.
 *
 * @param path Path of the file.
 * @param tag The entity tag. What is none is not kept.
 * @throws {PullError} When it cannot be written.
 */
export async function writeEntityTag(path: string, tag: KeptTag): Promise<void> {
  if (!isEntityTag(tag.etag)) return;
  try {
    await Deno.writeTextFile(`${path}.etag`, `${JSON.stringify(tag)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new PullError(`Cannot write "${path}.etag": ${describeFileError(error)}`, {
      hint: "check the path, its permissions, and the space on the disk",
    });
  }
}

/** RFC 9110, 8.8.3, in ASCII. */
function isEntityTag(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TAG_LENGTH && /^(W\/)?"[!#-~]*"$/.test(value);
}
