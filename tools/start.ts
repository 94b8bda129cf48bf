/**
 * The task `start`: serves what is configured or, where no archive is, the demo.
 *
 * @module
 */
import { ensureDir } from "@std/fs";
import { FLAGS, run } from "../lib/cli/mod.ts";
import { serve } from "../lib/cli/serve.ts";
import { readSettings } from "../lib/cli/settings.ts";
import { printFailure, TERMINAL } from "../lib/cli/terminal.ts";
import { parseArgs, readCommandLine, SettingsError } from "../lib/config/mod.ts";
import type { Relay } from "../lib/relay.ts";
import { buildDemo } from "./demo_archive.ts";

const DEMO = "dist/demo.tar.gz";

async function start(args: string[]): Promise<number> {
  const parsed = parseArgs(args, FLAGS);
  if (parsed.switches.has("help") || parsed.switches.has("version")) return await run(args);
  // Beside a file of --config too, the environment counts.
  const commandLine = { ...readCommandLine(parsed), fromEnv: true };
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
