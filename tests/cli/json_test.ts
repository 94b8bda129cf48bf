import { assertEquals } from "@std/assert";
import { COURIER, runCourier } from "../../lib/cli/courier.ts";
import { HALYARD, run } from "../../lib/cli/mod.ts";
import { buildDemo } from "../../tools/demo_archive.ts";
import { packArchive } from "../e2e/_archive.ts";
import { readSchema } from "./_schema.ts";
import { makeTerminal } from "./_terminal.ts";

const folder = await Deno.makeTempDir({ prefix: "halyard-json-" });
const demo = `${folder}/demo.tar.gz`;
const other = `${folder}/other.tar.gz`;
const contexts = `${folder}/contexts.jsonl`;
const overrides = `${folder}/overrides.json`;

Deno.test.beforeAll(async () => {
  await Deno.writeFile(demo, await buildDemo(new URL("../../examples/", import.meta.url)));
  await Deno.writeFile(
    other,
    await packArchive({
      de3000000000000000000001: {
        flags: { "line-speed-limit": { on: true, variations: [1], offVariation: 3 } },
      },
      e1: { env: { envKey: "empty" } },
      e2: { env: { envKey: "two", sdkKey: { value: "sdk-2", expiring: { value: "sdk-1", timestamp: 1 } } } },
    }),
  );
  await Deno.writeTextFile(
    overrides,
    '{"environments":{"de3000000000000000000001":{"flagValues":{"line-speed-limit":120}}}}',
  );
  await Deno.writeTextFile(contexts, '{"kind":"user","key":"ann"}\n{"kind":"machine","key":"press-07"}\n');
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const CONTEXT = ["--context", '{"kind":"machine","key":"press-07","load":{"percent":95}}'];

// Command lines whose output has the schema of the command.
const COMMANDS: string[][] = [
  ["config"],
  ["check", demo],
  ["check", other],
  ["inspect", demo],
  ["inspect", demo, "test-bench"],
  ["inspect", demo, "test-bench", "new-dashboard"],
  ["inspect", other, "empty"],
  ["diff", demo, demo],
  ["diff", demo, other, "--contexts", contexts],
  ["evaluate", demo, "test-bench", ...CONTEXT],
  ["evaluate", demo, "test-bench", ...CONTEXT, "--why"],
  ["evaluate", demo, "line-control/production", "line-speed-limit", ...CONTEXT, "--why", "--want", "120"],
  ["evaluate", demo, "line-control/production", "line-speed-limit", ...CONTEXT, "--want", "7"],
  ["evaluate", demo, "line-control/production", ...CONTEXT, "--why", "--overrides", overrides],
];

for (const command of COMMANDS) {
  const words = command.map((word) => word.replace(`${folder}/`, ""));
  Deno.test(`halyard ${words.join(" ")} --json prints what its schema says`, async () => {
    const terminal = makeTerminal();
    await run([...command, "--json"], terminal);
    assertEquals(terminal.errors, "");
    assertEquals(readSchema(command[0]!)(JSON.parse(terminal.output)), []);
  });
}

Deno.test("halyard-courier pack and unpack --json print what their schemas say", async () => {
  for (
    const command of [["unpack", demo, `${folder}/demo`], [
      "pack",
      `${folder}/demo`,
      "-o",
      `${folder}/again.tar.gz`,
    ]]
  ) {
    const terminal = makeTerminal();
    assertEquals([await runCourier([...command, "--json"], terminal), terminal.errors], [0, ""]);
    assertEquals(readSchema(command[0]!)(JSON.parse(terminal.output)), []);
  }
});

Deno.test("every command that prints JSON has a schema, and every schema but those of APIs a command", () => {
  const commands = [...HALYARD.commands, ...COURIER.commands].filter(({ flags }) => "json" in flags);
  const schemas = [...Deno.readDirSync(new URL("../../docs/schemas/", import.meta.url))];
  assertEquals(
    schemas.map(({ name }) => name).filter((name) => !/^(ofrep|explorer)\.json$/.test(name)).sort(),
    [...new Set(commands.map(({ name }) => `${name}.json`))].sort(),
  );
});
