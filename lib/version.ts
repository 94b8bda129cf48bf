import config from "../deno.json" with { type: "json" };

/** Halyard's version, as `deno.json` states it. */
export const VERSION: string = config.version;
