import { readSmallFile } from "../wire/mod.ts";
import { describeFileError } from "./_describe_file_error.ts";
import { PullError } from "./pull_error.ts";

/** Largest key file. A key has some 40 characters, so a larger one is some other file. @limit bytes: the file is refused */
const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Permission of everybody to read a file (POSIX). */
const OTHERS_READ = 0o004;

/** A key that is there and is none. */
const OTHER_KINDS: readonly [start: string, kind: string][] = [
  ["sdk-", "an SDK key"],
  ["mob-", "a mobile key"],
  ["api-", "an API access token"],
];

const KEY_HINT =
  "LaunchDarkly shows the relay key once, when a relay configuration is created or its key is reset";

/**
 * Checks that a text can be a relay key.
 *
 * @param text The text; white space around it does not count.
 * @param origin Where it stands, for messages.
 * @returns The key.
 * @throws {PullError} When it is no relay key. It never shows the text.
 */
export function parseRelayKey(text: string, origin: string): string {
  const key = text.trim();
  if (key === "") {
    throw new PullError(`Cannot use the relay key of ${origin}: it is empty`, { hint: KEY_HINT });
  }
  const other = OTHER_KINDS.find(([start]) => key.startsWith(start));
  if (other) {
    throw new PullError(`Cannot use the relay key of ${origin}: it is ${other[1]}`, { hint: KEY_HINT });
  }
  if (!/^[\w.-]+$/.test(key)) {
    throw new PullError(
      `Cannot use the relay key of ${origin}: a key has neither spaces nor special characters`,
      {
        hint: KEY_HINT,
      },
    );
  }
  return key;
}

/** A relay key from a file. */
export interface KeyFile {
  /** The relay key. */
  key: string;
  /** Warning about the file, if others can read it. */
  warning?: string;
}

/**
 * Reads the relay key from the first line of a file.
 *
 * @param path Path of the file.
 * @returns The key, and a warning where others can read it.
 * @throws {PullError} When there is none.
 */
export function readKeyFile(path: string): KeyFile {
  const origin = `"${path}"`;
  let text: string;
  let mode: number | null;
  try {
    const bytes = readSmallFile(path, MAX_KEY_FILE_BYTES);
    // PowerShell writes UTF-16, with a byte order mark.
    const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
    text = new TextDecoder(encoding).decode(bytes);
    ({ mode } = Deno.statSync(path));
  } catch (error) {
    throw new PullError(`Cannot read the relay key from ${origin}: ${describeFileError(error)}`, {
      hint: "check the path and its permissions",
    });
  }
  const key = parseRelayKey(text.trimStart().split("\n", 1)[0]!, origin);
  return mode !== null && (mode & OTHERS_READ) !== 0
    ? { key, warning: `Every user of this host can read the relay key in ${origin}: chmod 600 ends that` }
    : { key };
}
