/**
 * Writes the generated part of `docs/limits.md`, or with `--check` fails when it is not current.
 *
 * @module
 */
import { SECTIONS } from "../lib/config/table.ts";
import { readLimits, readSources, renderLimits } from "./limits.ts";

const PAGE = new URL("../docs/limits.md", import.meta.url);

const page = Deno.readTextFileSync(PAGE);
const current = renderLimits(page, readLimits(readSources()), SECTIONS);
if (!Deno.args.includes("--check")) {
  Deno.writeTextFileSync(PAGE, current);
} else if (page !== current) {
  throw new Error("docs/limits.md is not current: run deno task limits");
}
