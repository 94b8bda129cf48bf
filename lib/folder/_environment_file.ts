import { hash } from "node:crypto";
import {
  compact,
  decode,
  type EnvironmentFiles,
  isObject,
  listMembers,
  parseJson,
  scanValue,
  type Value,
} from "../archive/mod.ts";
import { derive, deriveId, deriveKey } from "./_derive.ts";
import { parseFileName } from "./file_name.ts";
import { FolderError } from "./folder_error.ts";

/** An environment's files, made of the one file of a folder. */
export interface EnvironmentSource extends EnvironmentFiles {
  /** Whether its ID or a key is derived from the seed. */
  isSeeded: boolean;
}

/** Members of a file in the complete form. One of them is enough to make it one. */
const MEMBERS = ["env", "flags", "flagValues", "segments"] as const;

/** Fields of metadata that the Relay Proxy knows. It reads them in any case, and we do not. */
const FIELDS = [
  ...["envID", "envKey", "envName", "projKey", "projName", "sdkKey", "sdkKeys", "mobKey", "mobileKeys"],
  ...["defaultTtl", "secureMode", "version"],
];

/** What an ID may be made of, since it names two entries of the archive: 100 bytes are left for the longer name. */
const ID = /^[\w.-]{1,90}$/;

/** Largest version of metadata, plus one. Programs may read it into 32 bits. */
const VERSIONS = 2 ** 31;

/**
 * Composes an environment's files of one file of a folder.
 *
 * @param file Name of the file.
 * @param json Its content.
 * @param seed Secret from which an ID or key that is missing is derived.
 * @returns The files. Flags, segments and metadata are not checked yet.
 * @throws {SyntaxError | TypeError} When they cannot be composed.
 */
export function composeFiles(file: string, json: Uint8Array, seed: string): EnvironmentSource {
  const root = parseJson(json) as Record<string, unknown>;
  const whole = scanValue(json, 0);
  if (!isObject(json, whole)) throw new TypeError("the file must be an object");
  const members = new Map<string, Value>();
  const isComplete = MEMBERS.some((name) => Object.hasOwn(root, name));
  for (const { key, value } of isComplete ? listMembers(json, whole) : []) {
    if (!MEMBERS.some((name) => name === key)) throw unknownMember(file, key);
    if (members.has(key)) throw new SyntaxError(`${JSON.stringify(key)} is there twice`);
    if (root[key] !== null && !isObject(json, value)) throw new TypeError(`"${key}" must be an object`);
    if (root[key] !== null) members.set(key, value);
  }
  const { env, id, isSeeded } = completeEnv(file, json, members.get("env"), seed);
  const flags = listItems(json, members.get("flags"), root.flags);
  for (const { key, value } of listMembersIn(json, isComplete ? members.get("flagValues") : whole)) {
    flags.push(composeFlag(id, key, decode(compact(json, value))));
  }
  const segments = listItems(json, members.get("segments"), root.segments);
  const data = `{"flags":{${flags.join(",")}},"segments":{${segments.join(",")}}}`;
  return { id, metadata: `{"env":${env},"dataId":"${hash("sha256", data)}"}`, data, isSeeded };
}

/**
 * Completes metadata. The version is always a new one, made of all the rest: the Relay Proxy reads an environment again only
 * where `dataId` or `version` differ, and whoever edits a file does not think of them.
 */
function completeEnv(
  file: string,
  json: Uint8Array,
  env: Value | undefined,
  seed: string,
): { env: string; id: string; isSeeded: boolean } {
  const fields = new Map<string, string>();
  for (const { key, value } of listMembersIn(json, env)) {
    const meant = FIELDS.find((field) => field.toLowerCase() === key.toLowerCase());
    if (meant !== undefined && meant !== key) {
      throw new FolderError(file, `it has "env.${key}"`, `write it as ${meant}`);
    }
    fields.set(key, decode(compact(json, value)));
  }
  fields.delete("version");
  // One file system stores "ü" as one character, another as two.
  const name = file.normalize("NFC");
  const isKnown = {
    id: fields.has("envID"),
    sdkKey: fields.has("sdkKey") || fields.has("sdkKeys"),
    mobileKey: fields.has("mobKey") || fields.has("mobileKeys"),
  };
  if (!isKnown.id) fields.set("envID", `"${deriveId(seed, name)}"`);
  if (!isKnown.sdkKey) fields.set("sdkKey", `{"value":"${deriveKey(seed, name, "sdk")}"}`);
  if (!isKnown.mobileKey) fields.set("mobKey", `"${deriveKey(seed, name, "mob")}"`);
  const { projectKey, key } = parseFileName(name);
  for (const field of ["projKey", "projName", "envKey", "envName"]) {
    if (!fields.has(field)) fields.set(field, JSON.stringify(field.startsWith("proj") ? projectKey : key));
  }
  const id = JSON.parse(fields.get("envID")!);
  if (typeof id !== "string" || !ID.test(id) || id.endsWith("-data")) {
    const hint = "leave it out to have one derived; LaunchDarkly's have 24 hexadecimal digits";
    throw new FolderError(file, '"env.envID" cannot be the name of a file', hint);
  }
  const digest = hash("sha256", toObject(fields));
  fields.set("version", `${parseInt(digest.slice(0, 8), 16) % VERSIONS}`);
  return { env: toObject(fields), id, isSeeded: Object.values(isKnown).includes(false) };
}

/**
 * Writes an object whose values are JSON already.
 *
 * @param fields Values by name.
 * @returns JSON.
 */
export function toObject(fields: ReadonlyMap<string, string>): string {
  return `{${[...fields].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** Lists flags or segments as members of an object, with the fields that people leave out. */
function listItems(json: Uint8Array, object: Value | undefined, parsed: unknown): string[] {
  return listMembersIn(json, object).map(({ key, value }) => {
    const name = JSON.stringify(key);
    const text = decode(compact(json, value));
    const item = (parsed as Record<string, unknown>)[key];
    if (!isObject(json, value) || (item as { deleted?: unknown }).deleted === true) return `${name}:${text}`;
    const added = Object.entries({ key: name, version: 1 })
      .filter(([field]) => !Object.hasOwn(item as object, field))
      .map(([field, text]) => `"${field}":${text}`);
    const fields = text.slice(1, -1);
    return `${name}:{${[...added, ...fields === "" ? [] : [fields]].join(",")}}`;
  });
}

function listMembersIn(json: Uint8Array, object: Value | undefined): { key: string; value: Value }[] {
  return object ? [...listMembers(json, object)] : [];
}

/** Composes a flag that has one value for every context, client-side SDKs included. */
function composeFlag(environment: string, key: string, value: string): string {
  const salt = derive(environment, key).slice(0, 32);
  return `${JSON.stringify(key)}:{"key":${
    JSON.stringify(key)
  },"version":1,"on":true,"variations":[${value}],` +
    `"fallthrough":{"variation":0},"offVariation":0,"salt":"${salt}",` +
    `"clientSideAvailability":{"usingMobileKey":true,"usingEnvironmentId":true}}`;
}

function unknownMember(file: string, name: string): FolderError {
  const hint = `beside ${MEMBERS.slice(0, -1).join(", ")} and ${
    MEMBERS.at(-1)
  } there is nothing else; constant flags of any name go into flagValues`;
  return new FolderError(file, `it has a member ${JSON.stringify(name)}`, hint);
}
