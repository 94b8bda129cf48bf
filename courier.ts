import { runCourier } from "./lib/cli/courier.ts";

if (import.meta.main) Deno.exit(await runCourier(Deno.args));
