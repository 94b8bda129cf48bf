/**
 * All benchmarks, some four minutes. Numbers of one run can be compared with each other; those of two runs or hosts cannot:
 * look at the ratios.
 *
 * Usage: `deno task bench`
 *
 * @module
 */
import { TERMINAL } from "../lib/cli/terminal.ts";
import { benchLoad } from "./load.ts";
import { benchPolling } from "./polling.ts";
import { benchIdleStreams } from "./idle_streams.ts";
import { benchReload } from "./reload.ts";
import { benchStartup } from "./startup.ts";
import { benchStreams } from "./streams.ts";

const { os, arch } = Deno.build;
TERMINAL.print(`Deno ${Deno.version.deno} on ${os} ${arch}, ${navigator.hardwareConcurrency} processors\n`);
await benchLoad();
await benchPolling();
await benchIdleStreams();
await benchReload();
await benchStreams();
await benchStartup();
TERMINAL.print("\nevaluation: beside LaunchDarkly's SDK for Node.js\n");
await import("./evaluation.ts");
