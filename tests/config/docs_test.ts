import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FLAGS } from "../../lib/cli/mod.ts";
import { renderSettings, settingsHelp } from "../../lib/config/mod.ts";

Deno.test("renderSettings() is what docs/settings.md has (else run tools/settings_docs.ts)", async () => {
  assertEquals(
    await Deno.readTextFile(new URL("../../docs/settings.md", import.meta.url)),
    renderSettings(FLAGS),
  );
});

Deno.test("settingsHelp() tells flags, used settings with their defaults, and how to write them", () => {
  const help = settingsHelp(FLAGS);
  assertStringIncludes(help, "  --config PATH\n      Read this file.");
  assertStringIncludes(help, "[Main]\n  PORT, port = 8030\n      TCP port to listen on. (port)\n");
  assertStringIncludes(help, "  FILE_DATA_SOURCE, fileDataSource\n");
  assertStringIncludes(help, "  size: A number with a unit: 512B, 64KiB,");
  assert(!help.includes("STREAM_URI") && !help.includes("[Redis]"));
});
