import { assertEquals } from "@std/assert";
import { environmentVariables } from "../../lib/config/mod.ts";

/** Where a module of lib/config is, for an import in another process. */
function moduleUrl(name: string): string {
  return JSON.stringify(import.meta.resolve(`../../lib/config/${name}`));
}

const PROGRAM = `
  import { readVariablesInto } from ${moduleUrl("_environment.ts")};
  import { noValues } from ${moduleUrl("_values.ts")};
  const reading = { values: noValues(), environments: [], filters: [] };
  const problems = readVariablesInto(reading, Deno.env.toObject());
  const { values: { Main, OfflineMode }, environments, filters } = reading;
  console.log(JSON.stringify([Main, OfflineMode, environments, filters, problems]));
`;

Deno.test("environmentVariables() are all that need be allowed, with --ignore-env for the rest", async () => {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      `--allow-env=${environmentVariables().join(",")}`,
      "--ignore-env",
      "-",
    ],
    env: {
      PORT: "9000",
      FILE_DATA_SOURCE: "f",
      LD_ENV_a: "k",
      LD_FILTER_KEYS_p: "k",
      EVENTS_SAMPLING_INTERVAL: "1",
      OTHER: "x",
    },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(PROGRAM));
  await writer.close();
  const { stdout } = await process.output();
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [
    { port: 9000 },
    { fileDataSource: "f" },
    ["LD_ENV_a"],
    ["LD_FILTER_KEYS_p"],
    [{
      message: "EVENTS_SAMPLING_INTERVAL: this variable is no longer supported",
      hint: "unset EVENTS_SAMPLING_INTERVAL",
    }],
  ]);
});

Deno.test("environmentVariables() names each variable once, prefixes with a star", () => {
  const names = environmentVariables();
  assertEquals(names, [...new Set(names)].sort());
  assertEquals(names.filter((name) => !/^[A-Z_]+$/.test(name)), ["LD_ENV_*", "LD_FILTER_KEYS_*"]);
});
