import { ArchiveError } from "./archive_error.ts";
import { MAX_NAME_BYTES } from "./_limits.ts";

const FAULTS: [problem: string, has: (path: string) => boolean][] = [
  ["has a name that is too long", (path) => new TextEncoder().encode(path).length > MAX_NAME_BYTES],
  ["has a control character in its name", (path) => /\p{Cc}/u.test(path)],
  ["has a backslash in its name", (path) => path.includes("\\")],
  ["has a drive letter in its name", (path) => /^[a-z]:/i.test(path)],
  ["has an absolute path", (path) => path.startsWith("/")],
  ['has ".." in its path', (path) => path.split("/").includes("..")],
  ["has a name that is not in Unicode normalization form C", (path) => path !== path.normalize("NFC")],
];

/**
 * Checks the path of an entry, though nothing is ever extracted: an archive that tries is not to be trusted.
 *
 * @param path Path as the archive has it.
 * @returns The path without leading `./`.
 * @throws {ArchiveError} When no honest tool would have written that path.
 */
export function checkPath(path: string): string {
  for (const [problem, has] of FAULTS) {
    if (has(path)) throw nameError(path, problem);
  }
  return path.replace(/^(\.\/)+/, "");
}

/**
 * Checks the path of a file: all files are on one level.
 *
 * @param path Path as the archive has it.
 * @returns The file's name.
 * @throws {ArchiveError} When it is not a plain name.
 */
export function checkFileName(path: string): string {
  const name = checkPath(path);
  if (name === "") throw nameError(path, "has no name");
  if (name.includes("/")) throw nameError(path, "is in a folder");
  if (name === ".json" || name === "-data.json") throw nameError(path, "has no environment ID in its name");
  return name;
}

/** Folds a name's case, so that names that are equal on a case-insensitive file system are equal. */
export function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Quotes a name of unknown origin, so that it can neither forge a line of a log nor steer a terminal. */
export function quote(name: string): string {
  return JSON.stringify(name).replace(/[\p{Cc}\p{Cf}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

function nameError(path: string, problem: string): ArchiveError {
  return new ArchiveError("entry-name", `entry ${quote(path)} ${problem}`, { entry: path });
}
