import type { Credential, EnvironmentMetadata } from "../model/mod.ts";
import { obscureKey } from "../observe/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import type { ContextComparison } from "./context_difference.ts";
import type { EnvironmentDifference } from "./difference.ts";
import type { InspectedItem, ListedItem } from "./items.ts";

/** An environment, for {@linkcode environmentToJson}. */
export interface DescribedEnvironment {
  /** Client-side ID. */
  id: string;
  /** Metadata; absent if it could not be read. */
  metadata?: EnvironmentMetadata;
  /** Flags and segments; absent where there are none. */
  snapshot?: Snapshot;
  /** Why they are not those of the archive. */
  fault?: string;
}

/**
 * Describes the metadata of an environment for machines, with its keys obscured.
 *
 * @param metadata The metadata.
 * @returns Members of a JSON object.
 */
export function metadataToJson(metadata: EnvironmentMetadata): Record<string, unknown> {
  const { projectKey, projectName, key, name, sdkKeys, mobileKeys, secureMode, defaultTtl } = metadata;
  return {
    project: { key: projectKey, name: projectName },
    key,
    name,
    sdkKeys: sdkKeys.map(obscure),
    mobileKeys: mobileKeys.map(obscure),
    secureMode,
    defaultTtl,
  };
}

function obscure({ value, expiry }: Credential): Credential {
  return { value: obscureKey(value), ...expiry !== undefined && { expiry } };
}

/**
 * Describes an environment for machines.
 *
 * @param environment The environment.
 * @returns `environment` of docs/schemas/inspect.json.
 */
export function environmentToJson(
  { id, metadata, snapshot, fault }: DescribedEnvironment,
): Record<string, unknown> {
  return {
    id,
    ...metadata && metadataToJson(metadata),
    ...snapshot?.counts,
    ...fault !== undefined && { fault },
  };
}

/**
 * Describes an item of a list for machines.
 *
 * @param item The item.
 * @returns One of `items` of `environmentWithItems` in docs/schemas/inspect.json.
 */
export function listedItemToJson({ kind, key, version, isOn }: ListedItem): Record<string, unknown> {
  return {
    kind: kind === "flags" ? "flag" : "segment",
    key,
    version,
    ...kind === "flags" && { on: isOn },
  };
}

/**
 * Describes an item for machines.
 *
 * @param item The item.
 * @returns `item` of docs/schemas/inspect.json.
 */
export function inspectedItemToJson(
  { kind, key, version, rules, dependencies }: InspectedItem,
): Record<string, unknown> {
  return { kind: kind === "flags" ? "flag" : "segment", key, version, rules, ...dependencies };
}

/** An environment that was compared. */
export interface ComparedEnvironment {
  /** The difference. */
  difference: EnvironmentDifference;
  /** What contexts get, where that was asked. */
  contexts?: ContextComparison;
}

/**
 * Describes differences for machines.
 *
 * @param compared The environments.
 * @param hasContexts Whether it was asked what contexts get.
 * @returns JSON of docs/schemas/diff.json.
 */
export function differencesToJson(
  compared: readonly ComparedEnvironment[],
  hasContexts: boolean,
): Record<string, unknown> {
  return {
    same: compared.every(({ difference }) => difference.change === "same"),
    environments: compared.map(({ difference }) => difference),
    streams: sumUp(compared),
    rollback: compared.some(({ difference }) => difference.rollback),
    ...hasContexts && {
      contexts: compared.flatMap(({ difference: { id }, contexts }) =>
        (contexts?.flags ?? []).map((flag) => ({ environment: id, ...flag }))
      ),
    },
  };
}

/** What the streams of all environments get, at the most. */
function sumUp(compared: readonly ComparedEnvironment[]): EnvironmentDifference["streams"] {
  const streams = compared.map(({ difference }) => difference.streams);
  return (["put", "deltas"] as const).find((one) => streams.includes(one)) ?? "none";
}
