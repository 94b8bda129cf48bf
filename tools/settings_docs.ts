/**
 * Writes `docs/settings.md`, or with `--check` fails when it is not current.
 *
 * @module
 */
import { FLAGS } from "../lib/cli/mod.ts";
import { renderSettings } from "../lib/config/mod.ts";

const PAGE = new URL("../docs/settings.md", import.meta.url);
const text = renderSettings(FLAGS);

if (!Deno.args.includes("--check")) {
  Deno.writeTextFileSync(PAGE, text);
} else if (Deno.readTextFileSync(PAGE) !== text) {
  throw new Error("docs/settings.md is not current: run tools/settings_docs.ts without --check");
}
