import { JsonError, parseJson, type SharedKey } from "../archive/mod.ts";
import { checkMetadata, type EnvironmentMetadata, parseMetadata } from "../model/mod.ts";
import type { Entry } from "./_entry.ts";
import { CORRECT_FILE } from "./_phrases.ts";

/** A key that fits in a header. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** A metadata file without faults. */
export interface CheckedMetadata {
  /** What is in it. */
  metadata: EnvironmentMetadata;
  /** The entry. */
  entry: Entry;
  /** Parsed JSON. */
  json: unknown;
}

/**
 * Finds the faults of an environment's metadata.
 *
 * @param entry The entry.
 * @param now The time: ms since epoch.
 * @returns What is in it, unless it is faulty.
 */
export function inspectMetadata(entry: Entry, now: number): CheckedMetadata | undefined {
  let json: unknown;
  try {
    json = parseJson(entry.content);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    entry.addFault(error);
    return undefined;
  }
  let isSound = true;
  checkMetadata(json, entry.environment, (path, problem) => {
    isSound = false;
    entry.addAt("error", path, `${path === "" ? "The file" : `"${path}"`} ${problem}`, CORRECT_FILE);
  });
  if (!isSound) return undefined;
  const checked = { metadata: parseMetadata(json, entry.environment), entry, json };
  inspectKeys(checked, now);
  return checked;
}

function inspectKeys(checked: CheckedMetadata, now: number): void {
  const { metadata: { sdkKeys, mobileKeys }, entry } = checked;
  if (sdkKeys.length + mobileKeys.length === 0) {
    entry.add(
      "warning",
      "The environment has no SDK key and no mobile key: only clients that use its ID can get flags",
      "Download the archive again, or give the environment a key",
    );
  }
  for (const [kind, keys] of [["SDK", sdkKeys], ["mobile", mobileKeys]] as const) {
    for (const { value, expiry } of keys) {
      if (!SENDABLE.test(value)) {
        const path = findKey(checked, kind, value);
        const problem =
          `"${path}" holds a character that no client can send: a blank, a line break, or none of ASCII`;
        entry.addAt("warning", path, problem, CORRECT_FILE);
      }
      if (expiry === undefined || expiry >= now) continue;
      const path = findKey(checked, kind, value);
      const date = new Date(Math.max(0, expiry)).toISOString();
      entry.addAt(
        "warning",
        path,
        `"${path}" is the ${kind} key that expired at ${date}: it is not accepted any more`,
        "Move what still uses the key to the new one",
      );
    }
  }
}

/** The fields of a metadata file that hold keys. */
interface Keys {
  env: {
    sdkKey?: { value?: string | null } | null;
    mobKey?: string | null;
    sdkKeys?: { value: string }[] | null;
    mobileKeys?: { value: string }[] | null;
  };
}

/**
 * Finds the place of a key.
 *
 * @param checked The metadata file.
 * @param kind Kind of the key.
 * @param value The key.
 * @returns JSON path.
 */
export function findKey({ json }: CheckedMetadata, kind: SharedKey["kind"], value: string): string {
  const { env } = json as Keys;
  const [list, scalar] = kind === "SDK"
    ? ["sdkKeys", "sdkKey.value"] as const
    : ["mobileKeys", "mobKey"] as const;
  const index = env[list]?.findIndex((key) => key.value === value) ?? -1;
  if (index >= 0) return `env.${list}[${index}]`;
  const primary = kind === "SDK" ? env.sdkKey?.value : env.mobKey;
  return primary === value ? `env.${scalar}` : "env.sdkKey.expiring";
}
