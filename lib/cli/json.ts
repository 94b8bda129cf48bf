import type { FlagTable } from "../config/mod.ts";
import type { Credential, EnvironmentMetadata } from "../model/mod.ts";
import { obscureKey } from "../observe/mod.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Creates the flag by which a command prints for machines.
 *
 * @param command Name of the command.
 * @returns The flag.
 */
export function jsonFlag(command: string): FlagTable {
  return { json: { help: `Print JSON, whose schema is docs/schemas/${command}.json.` } };
}

/**
 * Prints a value for machines.
 *
 * @param terminal Where to.
 * @param value The value.
 */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.print(`${JSON.stringify(value, null, 2)}\n`);
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
