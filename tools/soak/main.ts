/**
 * A soak: the relay as a process of its own, for minutes or hours, with streams, requests and reloads on all transports at once.
 *
 * Three relays serve one archive file: one without TLS (`PORT` by `Deno.serve`, `STREAM_PORT` by Node's server), one with TLS
 * (HTTP/1.1 and HTTP/2), one with TLS 1.3 as minimum version (Node's server). Each of the five transports has a fifth of the
 * streams and of the requests. One stream in 20 is slow; of the others 1 % leave each second, and as many come. The archive is
 * replaced every few seconds; each version must come to each stream that stays, or be superseded by one that comes. Every answer and
 * every event must have the bytes of the first of its kind, but for the version, which never goes back.
 *
 * Usage: `deno task soak`, with
 *
 * - `--minutes 10`: how long reloads go on
 * - `--streams 2000`
 * - `--requests 200`: how many a second
 * - `--reload 5`: seconds between two reloads
 * - `--lag 30`: seconds after which a version that a stream has not got is lost
 * - `--transports port,stream-port,tls,h2,tls1.3`
 *
 * What is measured is `HALYARD_BINARY`, the sources if that is empty, and otherwise an executable that is built first, where it can
 * be without a network. Ctrl-C ends it early. The exit code is 1 if anything was lost, wrong or failed. Linux.
 *
 * @module
 */
import { TERMINAL } from "../../lib/cli/terminal.ts";
import { buildExecutable } from "../build.ts";
import { readOptions, type SoakOptions } from "./options.ts";
import { runSoak } from "./soak.ts";

/** Reads the command line; a wrong one ends the process. */
function readCommandLine(): SoakOptions {
  try {
    return readOptions(Deno.args);
  } catch (error) {
    TERMINAL.printError(`${(error as Error).message}\n`);
    Deno.exit(2);
  }
}

const options = readCommandLine();
if (Deno.env.get("HALYARD_BINARY") === undefined) {
  const binary = await buildExecutable({ folder: "dist/soak", importMap: options.importMap });
  if (binary !== undefined) Deno.env.set("HALYARD_BINARY", binary);
}
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());
Deno.exit(await runSoak(options, stop) ? 0 : 1);
