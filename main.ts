import { run } from "./lib/cli/mod.ts";
import { isServingThread, runServingThread } from "./lib/serving_thread.ts";

if (isServingThread()) await runServingThread();
else if (import.meta.main) Deno.exit(await run(Deno.args));
