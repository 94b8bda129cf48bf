/**
 * The task `start`: serves what is configured or, where no archive is, the demo.
 *
 * @module
 */
import { ensureDir } from "@std/fs";
import { run } from "../lib/cli/mod.ts";
import { readSettings, serve } from "../lib/cli/serve.ts";
import { printFailure, TERMINAL } from "../lib/cli/terminal.ts";
import { parseCommandLine, SettingsError } from "../lib/config/mod.ts";
import type { Relay } from "../lib/relay.ts";
import { buildDemo } from "./demo_archive.ts";

const DEMO = "dist/demo.tar.gz";

async function start(args: string[]): Promise<number> {
  const { help, version } = parseCommandLine(args);
  if (help || version) return await run(args);
  // Beside a file of --config too, the environment counts.
  const commandLine = { ...parseCommandLine(args), fromEnv: true };
  try {
    return await serve(commandLine, TERMINAL, { loaded: readSettings(commandLine) });
  } catch (error) {
    if (!(error instanceof SettingsError) || error.stage !== "relay") throw error;
  }
  await ensureDir("dist");
  await Deno.writeFile(DEMO, await buildDemo(new URL("../examples/", import.meta.url)));
  Deno.env.set("FILE_DATA_SOURCE", DEMO);
  const loaded = readSettings(commandLine);
  return await serve(commandLine, TERMINAL, { loaded, onListen: printExamples });
}

/** The demo's keys are no secrets. */
function printExamples(relay: Relay, url: string, print: (text: string) => void): void {
  print(`
No archive is configured, so this is the demo (${DEMO}, from examples/). Set FILE_DATA_SOURCE to serve your own.

  curl ${url}/status
`);
  for (const { metadata } of relay.store.environments) {
    const key = metadata?.sdkKeys[0]?.value;
    print(`
  # ${metadata?.projectName}, ${metadata?.name}
  curl -H 'Authorization: ${key}' ${url}/sdk/latest-all
  curl -N -H 'Authorization: ${key}' ${url}/all
`);
  }
  print("\n");
}

try {
  Deno.exit(await start(Deno.args));
} catch (error) {
  printFailure(TERMINAL, error);
  Deno.exit(1);
}
