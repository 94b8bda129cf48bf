import { assertEquals, assertMatch } from "@std/assert";
import { listHarmfulVariables } from "../../lib/cli/_harmful_variables.ts";
import { environmentVariables } from "../../lib/config/mod.ts";
import { constantFlag, DataFile, packArchive } from "../e2e/_archive.ts";
import { halyardCommand } from "../e2e/_relay.ts";

const HARMFUL = [
  "DENO_AUDIT_PERMISSIONS",
  "DENO_SERVE_ADDRESS",
  "DENO_SOMETHING_NEW",
  "LD_AUDIT",
  "LD_PRELOAD",
  "NODE_OPTIONS",
  "OTEL_DENO",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "SSLKEYLOGFILE",
];

const HARMLESS = [
  ...["DENO", "DENOISE_LEVEL", "LD_ENV_NODE_X", "LD_LIBRARY_PATH", "MY_NODE_OPTIONS", "NODE", "node_options"],
  ...[
    "DENO_DIR",
    "DENO_NO_UPDATE_CHECK",
    "DENO_VERSION",
    "NODE_ENV",
    "NODE_VERSION",
    "SSLKEYLOGFILES",
    "PATH",
  ],
];

Deno.test("listHarmfulVariables() lists what steers Deno, sorted, and nothing of the settings", () => {
  const names = [...HARMFUL.toReversed(), ...HARMLESS, ...environmentVariables()];
  assertEquals(listHarmfulVariables(Object.fromEntries(names.map((name) => [name, "secret"]))), HARMFUL);
});

/** Loads an archive once, with such variables set, and gives the log. */
async function load(permissions: string[]): Promise<string> {
  await using file = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag(true) } } }));
  const settings = { FILE_DATA_SOURCE: file.path, EXIT_ALWAYS: "true" };
  const env = {
    ...settings,
    DENO_TRACE_PERMISSIONS: "secret1",
    SSLKEYLOGFILE: "/secret2",
    NODE_ENV: "secret3",
  };
  const { code, stdout, stderr } = await halyardCommand({ env, permissions }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return new TextDecoder().decode(stdout);
}

Deno.test("main.ts warns once of variables that steer Deno, and does not print their values", async () => {
  const log = await load(["--allow-all"]);
  const warnings = log.split("\n").filter((line) => line.includes("steer Deno"));
  assertEquals(warnings.length, 1, log);
  assertMatch(
    warnings[0]!,
    /WARN: .* are set; docs\/compile\.md .* variables="DENO_TRACE_PERMISSIONS, (.*, )?SSLKEYLOGFILE"$/,
  );
  assertEquals(log.includes("secret"), false, log);
});

const LIMITED = `--allow-env=${environmentVariables().join(",")}`;

for (const flags of [[LIMITED], [LIMITED, "--ignore-env"]]) {
  const form = flags.length === 1 ? "refuses the others" : "hides the others";
  Deno.test(`main.ts does not warn where --allow-env ${form}`, async () => {
    assertEquals((await load(["--allow-net", "--allow-read", ...flags])).includes("steer Deno"), false);
  });
}
