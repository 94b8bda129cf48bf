import type { Credential, EnvironmentMetadata } from "../model/mod.ts";
import { obscureKey } from "../observe/mod.ts";
import { formatValue } from "./_format.ts";

/** A change of an SDK key or a mobile key. */
export interface KeyDifference {
  /** Kind of the key. */
  kind: "sdk" | "mobile";
  /** What happened to it: `expires` has a new expiry, `no longer expires` none any more, `primary` has become the first one. */
  change: "added" | "removed" | "expires" | "no longer expires" | "primary";
  /** The key, obscured. */
  key: string;
  /** Time from which it is no longer accepted, in the newer version or the only one: ms since epoch. */
  expiry?: number;
}

/** Describes what changed in metadata, keys aside. */
export function listMetadataChanges(before: EnvironmentMetadata, after: EnvironmentMetadata): string[] {
  const lines: string[] = [];
  for (const [name, what] of NAMES) {
    if (before[name] !== after[name]) {
      lines.push(`${what}: ${formatValue(before[name])} → ${formatValue(after[name])}`);
    }
  }
  if (before.secureMode !== after.secureMode) {
    lines.push(`secure mode switched ${after.secureMode ? "on" : "off"}`);
  }
  if (before.defaultTtl !== after.defaultTtl) {
    lines.push(`cache lifetime for PHP: ${before.defaultTtl} → ${after.defaultTtl} minutes`);
  }
  return lines;
}

const NAMES = [
  ["projectName", "project renamed"],
  ["projectKey", "key of the project"],
  ["name", "environment renamed"],
  ["key", "key of the environment"],
] as const;

/** Lists the changes of SDK keys and mobile keys. */
export function listKeyChanges(
  before: EnvironmentMetadata | undefined,
  after: EnvironmentMetadata | undefined,
): KeyDifference[] {
  return [
    ...compareKeys("sdk", before?.sdkKeys ?? [], after?.sdkKeys ?? []),
    ...compareKeys("mobile", before?.mobileKeys ?? [], after?.mobileKeys ?? []),
  ];
}

function* compareKeys(
  kind: KeyDifference["kind"],
  before: readonly Credential[],
  after: readonly Credential[],
): Generator<KeyDifference> {
  const [old, now] = [before, after].map((keys) => new Map(keys.map((key) => [key.value, key]))) as [
    Map<string, Credential>,
    Map<string, Credential>,
  ];

  function describe(change: KeyDifference["change"], { value, expiry }: Credential): KeyDifference {
    return { kind, change, key: obscureKey(value), ...expiry !== undefined && { expiry } };
  }

  for (const key of before) if (!now.has(key.value)) yield describe("removed", key);
  for (const [i, key] of after.entries()) {
    const known = old.get(key.value);
    if (!known) yield describe("added", key);
    else if (key.expiry !== known.expiry) {
      yield describe(key.expiry === undefined ? "no longer expires" : "expires", key);
    }
    if (known && i === 0 && before[0] !== known) yield describe("primary", key);
  }
}
