/**
 * What serving costs, in some 100 s. Numbers of one run can be compared with each other; those of two runs or hosts cannot:
 * look at the ratios. Beside these there are `bench/evaluation.ts`, `bench/streams.ts` for 5,000 and 10,000 streams and
 * `bench/slow_clients.ts`, of more than a minute each, and `bench/explorer.ts`, which needs Chromium.
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
await benchStreams([1_000]);
await benchStartup();
