/**
 * Writes `docs/settings.md`, or with `--check` fails when it is not current.
 *
 * @module
 */
import { renderSettings } from "../lib/config/mod.ts";

const PAGE = new URL("../docs/settings.md", import.meta.url);

if (!Deno.args.includes("--check")) {
  Deno.writeTextFileSync(PAGE, renderSettings());
} else if (Deno.readTextFileSync(PAGE) !== renderSettings()) {
  throw new Error("docs/settings.md is not current: run tools/settings_docs.ts without --check");
}
