/**
 * Runs simulations of a whole relay, one for each seed, and checks after every step what it promises. CONTRIBUTING.md says more.
 *
 * Usage: `deno task simulate [--seeds A-B]`. It prints `seed N ok DIGEST`: the same digest on every run. At the first promise that is
 * broken it prints all steps of that seed and ends with exit code 1.
 *
 * It runs without any permission, so that nothing but the simulated machine can be reached. Half of the relays have loading threads,
 * which are direct calls; the others load in the thread that serves, as where its own code must not be read.
 *
 * @module
 */
import { TERMINAL } from "../../lib/cli/terminal.ts";
import { replaceGlobals } from "./machine.ts";
import { Random } from "./random.ts";
import { Simulation } from "./simulation.ts";

const DEFAULT_SEEDS = "1-1000";

const [option, seeds = DEFAULT_SEEDS] = Deno.args;
const range = /^(\d+)-(\d+)$/.exec(seeds);
if (!range || (option !== undefined && option !== "--seeds")) {
  TERMINAL.print("Usage: deno task simulate [--seeds A-B]\n");
  Deno.exit(2);
}

let simulation = new Simulation(new Random(0));
replaceGlobals(() => simulation.world.machine);
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  simulation.world.failure ??= event.reason;
});

for (let seed = Number(range[1]); seed <= Number(range[2]); seed++) {
  simulation = new Simulation(new Random(seed));
  try {
    TERMINAL.print(`seed ${seed} ok ${await simulation.run()}\n`);
  } catch (error) {
    TERMINAL.print(`${simulation.world.steps.join("\n")}\nseed ${seed}: ${(error as Error).stack}\n`);
    Deno.exit(1);
  }
}
