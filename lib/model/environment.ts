import { arrayOf, boolean, integer, objectOf, type OnFault, optional, string } from "./_check.ts";
import type { Flag } from "./flag.ts";
import type { Segment } from "./segment.ts";

/** An SDK key or mobile key and how long it is accepted. */
export interface Credential {
  /** The key itself. A secret: never log it. */
  value: string;
  /** Time from which it is no longer accepted: ms since epoch. Absent means never. */
  expiry?: number;
}

/** Identity and credentials of an environment: the archive's `<envId>.json`. */
export interface EnvironmentMetadata {
  /** Client-side ID; also the name of the environment's files. */
  id: string;
  /** Key of the environment within its project. */
  key: string;
  /** Name of the environment. */
  name: string;
  /** Key of the project. */
  projectKey: string;
  /** Name of the project. */
  projectName: string;
  /** SDK keys, the primary one first. Empty when the archive has none. */
  sdkKeys: Credential[];
  /** Mobile keys, the primary one first. Empty when the archive has none. */
  mobileKeys: Credential[];
  /** Cache lifetime for PHP clients: minutes, 0 for none. */
  defaultTtl: number;
  /** Whether JavaScript clients must prove their context with a hash. */
  secureMode: boolean;
}

/** A flag or a segment with the text that SDKs get. */
export interface Item<T extends Flag | Segment> {
  /** The parsed and checked value. */
  value: T;
  /** Its JSON as the archive has it, without whitespace outside strings and with the defaults that SDKs need. */
  text: string;
}

/** Flags and segments of an environment: the archive's `<envId>-data.json`. Keys are in ascending code unit order. */
export interface EnvironmentData {
  /** Flags by key; tombstones (`deleted`) included. */
  flags: Map<string, Item<Flag>>;
  /** Segments by key; tombstones (`deleted`) included. */
  segments: Map<string, Item<Segment>>;
}

/** One environment of an archive. */
export interface Environment {
  /** Identity and credentials. */
  metadata: EnvironmentMetadata;
  /** Flags and segments. */
  data: EnvironmentData;
}

interface RawKey {
  value: string;
  expiry?: number | null;
}

interface RawMetadata {
  env: {
    envID: string;
    envKey?: string | null;
    envName?: string | null;
    projKey?: string | null;
    projName?: string | null;
    mobKey?: string | null;
    sdkKey?: {
      value?: string | null;
      expiring?: { value?: string | null; timestamp?: number | null } | null;
    } | null;
    sdkKeys?: RawKey[] | null;
    mobileKeys?: RawKey[] | null;
    defaultTtl?: number | null;
    secureMode?: boolean | null;
  };
}

const KEYS = optional(
  arrayOf(objectOf({ value: string, expiry: optional(integer) })),
);

const METADATA = objectOf({
  env: objectOf({
    envID: string,
    envKey: optional(string),
    envName: optional(string),
    projKey: optional(string),
    projName: optional(string),
    mobKey: optional(string),
    sdkKey: optional(objectOf({
      value: optional(string),
      expiring: optional(
        objectOf({ value: optional(string), timestamp: optional(integer) }),
      ),
    })),
    sdkKeys: KEYS,
    mobileKeys: KEYS,
    defaultTtl: optional(integer),
    secureMode: optional(boolean),
    version: optional(integer),
  }),
  dataId: optional(string),
});

/**
 * Checks an environment's metadata.
 *
 * @param value JSON value of `<envId>.json`.
 * @param id Environment ID in the file's name.
 * @param onFault Called for each fault: a field of the wrong JSON type; where there is none, an `envID` that is not `id`, a
 * negative lifetime, a scalar key that is not in its array.
 */
export function checkMetadata(value: unknown, id: string, onFault: OnFault): void {
  let isSound = true;
  METADATA(value, "", (path, problem) => {
    isSound = false;
    onFault(path, problem);
  });
  if (!isSound) return;
  const { env } = value as RawMetadata;
  if (env.envID !== id) onFault("env.envID", `must be the ID in the file's name, is "${env.envID}"`);
  if ((env.defaultTtl ?? 0) < 0) onFault("env.defaultTtl", `must not be negative, is ${env.defaultTtl}`);
  checkScalar("env.sdkKey", env.sdkKey?.value, env.sdkKeys, onFault);
  checkScalar("env.mobKey", env.mobKey, env.mobileKeys, onFault);
}

function checkScalar(
  path: string,
  primary: string | null | undefined,
  concurrent: RawKey[] | null | undefined,
  onFault: OnFault,
): void {
  if (!primary || !concurrent?.length || concurrent.some(({ value }) => value === primary)) return;
  onFault(path, "must be among the keys in its array");
}

/**
 * Parses an environment's metadata out of already parsed JSON.
 *
 * `version` and `dataId` are checked and then forgotten: whether something changed is decided by content.
 * `sdkKeys[]` and `mobileKeys[]` with elements `{value, expiry?}` (ms since epoch) hold several keys that are valid at
 * once; an empty array counts as absent. That shape comes from public threads and is not confirmed on a real archive.
 *
 * @param value JSON value of `<envId>.json`.
 * @param id Environment ID in the file's name.
 * @returns The metadata in Halyard's own shape.
 * @throws {TypeError} When a field has the wrong JSON type, `envID` is not `id`, or a scalar key is not in its array.
 */
export function parseMetadata(value: unknown, id: string): EnvironmentMetadata {
  checkMetadata(value, id, (path, problem) => {
    throw new TypeError(`"${path}" ${problem}`);
  });
  const { env } = value as RawMetadata;
  const expiring = env.sdkKey?.expiring;
  const previous = expiring?.value ? [{ value: expiring.value, expiry: expiring.timestamp ?? 0 }] : [];
  return {
    id,
    key: env.envKey ?? "",
    name: env.envName ?? "",
    projectKey: env.projKey ?? "",
    projectName: env.projName ?? "",
    sdkKeys: collectKeys(env.sdkKey?.value ?? "", env.sdkKeys ?? [], previous),
    mobileKeys: collectKeys(env.mobKey ?? "", env.mobileKeys ?? [], []),
    defaultTtl: env.defaultTtl ?? 0,
    secureMode: env.secureMode ?? false,
  };
}

/** Puts the scalar (primary) key first, then the other concurrent keys, then the expiring one; each key once. */
function collectKeys(primary: string, concurrent: RawKey[], previous: RawKey[]): Credential[] {
  const keys = new Map<string, Credential>();
  const scalar: RawKey[] = concurrent.some((key) => key.value === primary)
    ? concurrent.filter((key) => key.value === primary)
    : [{ value: primary }];
  for (const { value, expiry } of [...scalar, ...concurrent, ...previous]) {
    if (value === "" || keys.has(value)) continue;
    keys.set(
      value,
      expiry === undefined || expiry === null ? { value } : { value, expiry },
    );
  }
  return [...keys.values()];
}
