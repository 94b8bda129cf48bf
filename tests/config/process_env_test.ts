import { assertEquals } from "@std/assert";
import type { Setting } from "../../lib/config/_section.ts";
import { port } from "../../lib/config/_types.ts";
import { environmentVariables } from "../../lib/config/mod.ts";
import { SECTIONS } from "../../lib/config/table.ts";
import { load, refusal } from "./_load.ts";

/** Where a module of lib/config is, for an import in another process. */
function moduleUrl(name: string): string {
  return JSON.stringify(import.meta.resolve(`../../lib/config/${name}`));
}

const PROGRAM = `
  import { readVariablesInto } from ${moduleUrl("_process_env.ts")};
  import { noValues } from ${moduleUrl("_values.ts")};
  const reading = { values: noValues(), written: [], environments: [], filters: [], warnings: [] };
  const problems = readVariablesInto(reading, Deno.env.toObject());
  const { values: { Main, OfflineMode }, environments, filters } = reading;
  console.log(JSON.stringify([Main, OfflineMode, environments, filters, problems]));
`;

Deno.test("environmentVariables() are all that need be allowed, with --ignore-env for the rest", async () => {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
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

/** The variables of all settings that are ports. */
const PORTS = Object.values(SECTIONS).flatMap(({ settings }) =>
  Object.values<Setting>(settings).flatMap(({ env, type }) => env !== undefined && type === port ? [env] : [])
);

for (const env of PORTS) {
  Deno.test(`loadSettings() warns of ${env}=tcp://..., which Kubernetes sets, and does without`, () => {
    const expected = load({ env: { FILE_DATA_SOURCE: "f" } });
    for (
      const link of [
        "tcp://10.43.12.7:9090",
        "udp://10.43.12.7:53",
        "tcp://[fd00::1]:9090",
        "SCTP://10.0.0.1:1",
      ]
    ) {
      const { settings, warnings } = load({ env: { FILE_DATA_SOURCE: "f", [env]: link } });
      assertEquals(settings, expected.settings);
      assertEquals(warnings, [
        `${env}=${link} is not used: Kubernetes sets it for a service of that name; ` +
        "enableServiceLinks: false in the pod's spec ends that",
      ]);
    }
    // In a file it is nobody's but the operator's.
    for (const text of ["http://x:1", "10.43.12.7:9090", "tcp:9090"]) {
      assertEquals(
        refusal({ env: { FILE_DATA_SOURCE: "f", [env]: text } })[1],
        `${env}: not a valid integer`,
      );
    }
  });
}

Deno.test("loadSettings() keeps a port of the file beside a service link of the environment", () => {
  const file = "[OfflineMode]\nfileDataSource = f\n[Main]\nport = 9000\n";
  assertEquals(load({ file, env: { PORT: "tcp://10.43.12.7:9090" } }).settings.port, 9000);
  assertEquals(refusal({ file: file.replace("9000", "tcp://10.43.12.7:9090") })[0], "file");
});

Deno.test("loadSettings() drops the blanks around allowed origins and headers, in file and environment", () => {
  const file = "[OfflineMode]\nfileDataSource = f\n" +
    'envAllowedOrigin = https://a.example, https://b.example\nenvAllowedOrigin = "\\thttps://c.example "\n' +
    "envAllowedHeader = X-A ,X-B\n";
  const env = {
    ENV_ALLOWED_ORIGIN: " https://d.example ,\thttps://e.example\n",
    ENV_ALLOWED_HEADER: "X-C, X-D",
  };
  const { settings } = load({ file, env });
  assertEquals(settings.envAllowedOrigin, ["a", "b", "c", "d", "e"].map((name) => `https://${name}.example`));
  assertEquals(settings.envAllowedHeader, ["X-A", "X-B", "X-C", "X-D"]);
});

Deno.test("loadSettings() refuses allowed origins and headers that no header can hold", () => {
  for (const env of ["ENV_ALLOWED_ORIGIN", "ENV_ALLOWED_HEADER"]) {
    for (const text of ["https://t\xfcr.example", "a,\u20ac", "a\nb", "a\x7f"]) {
      const [stage, message] = refusal({ env: { FILE_DATA_SOURCE: "f", [env]: text } });
      assertEquals([stage, message.includes("cannot stand in a header")], ["environment", true], message);
    }
  }
});
