import { environmentVariables, type Variables } from "../config/mod.ts";

/** Variables that steer Deno or put other code into it, before any code of ours runs. `docs/compile.md` says how. */
const HARMFUL = /^(DENO_|NODE_|OTEL_|LD_AUDIT$|LD_PRELOAD$|SSLKEYLOGFILE$)/;

/**
 * Those of them that change nothing here: images of Deno and of Node.js, and our own tasks, set most. Whom to trust as a
 * client (`NODE_EXTRA_CA_CERTS`) is nothing to a program that connects to nobody.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  ...["DENO_DIR", "DENO_INSTALL", "DENO_INSTALL_ROOT", "DENO_NO_PROMPT", "DENO_NO_UPDATE_CHECK"],
  ...["DENO_USE_CGROUPS", "DENO_VERSION", "NODE_ENV", "NODE_EXTRA_CA_CERTS", "NODE_VERSION"],
]);

/**
 * Lists the environment variables that should not be set.
 *
 * They have done their work by now, so all that can be done is to say so. In the executable whose machine code keeps them
 * away, and where `--allow-env` is limited, none is seen.
 *
 * @param variables The environment variables of the process.
 * @returns Their names, sorted.
 */
export function listHarmfulVariables(variables: Variables): string[] {
  const settings = new Set(environmentVariables());
  return Object.keys(variables)
    .filter((name) => HARMFUL.test(name) && !HARMLESS.has(name) && !settings.has(name))
    .sort();
}
