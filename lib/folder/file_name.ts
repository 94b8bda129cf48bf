import type { EnvironmentMetadata } from "../model/mod.ts";
import { FolderError } from "./folder_error.ts";

/** Ending of every file of a folder. */
const ENDING = ".json";

/** Longest part of a file's name that is made of a key: file systems allow 255 characters for both parts. */
const PART_LENGTH = 100;

/**
 * Reports whether a file of a folder becomes an environment. Those whose names begin with a dot do not: version control, a file
 * manager or `pack` itself has put them there.
 *
 * @param name Name of the file.
 * @returns Whether it does.
 * @throws {FolderError} When it is nothing that a folder may hold.
 */
export function isEnvironmentFile(name: string): boolean {
  if (name.startsWith(".")) return false;
  if (/\.ya?ml$/i.test(name)) {
    throw new FolderError(name, "YAML is not read", "write it as JSON, in a file whose name ends with .json");
  }
  if (!name.endsWith(ENDING)) {
    const hint = "a folder holds one .json file for each environment; move it, or begin its name with a dot";
    throw new FolderError(name, "it is no .json file", hint);
  }
  return true;
}

/**
 * Parses the keys of project and environment out of a file's name: `project.environment.json`, or `environment.json` of the
 * project `default`.
 *
 * @param name Name of the file.
 * @returns The two keys.
 */
export function parseFileName(name: string): { projectKey: string; key: string } {
  const stem = name.slice(0, -ENDING.length);
  const dot = stem.indexOf(".");
  return dot < 0
    ? { projectKey: "default", key: stem }
    : { projectKey: stem.slice(0, dot), key: stem.slice(dot + 1) };
}

/**
 * Creates the name of an environment's file. It holds no character that a shell or a file system reads otherwise.
 *
 * @param metadata Metadata of the environment, which has the ID for a name where it has no keys.
 * @param taken Names, in lower case, that others have. The new one is added.
 * @returns The name.
 */
export function createFileName({ projectKey, key, id }: EnvironmentMetadata, taken: Set<string>): string {
  const stem = [projectKey, key].filter(Boolean).map(toSafePart).join(".") || toSafePart(id);
  let name = stem + ENDING;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}-${n}${ENDING}`;
  taken.add(name.toLowerCase());
  return name;
}

function toSafePart(text: string): string {
  return text.replace(/[^\w.-]/g, "_").replace(/^[.-]/, "_").slice(0, PART_LENGTH);
}
