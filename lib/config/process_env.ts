import { OBSOLETE, variableSettings } from "./_process_env.ts";

export type { Variables } from "./_process_env.ts";

/**
 * Lists the environment variables that Halyard reads.
 *
 * `--allow-env=` takes the list as it is; with `--ignore-env` beside it, listing the environment shows these alone.
 *
 * @returns Their names, sorted; one that ends with `*` is a prefix.
 */
export function environmentVariables(): string[] {
  return [...new Set([OBSOLETE, ...variableSettings().map(({ env }) => env)])].sort();
}
