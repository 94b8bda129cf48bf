import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** Import map of this process. */
const IMPORT_MAP = new URL(
  import.meta.resolve("@std/assert").startsWith("file:") ? "tools/std/import_map.json" : "deno.json",
  ROOT,
);

/** Tests beside its own that run through the room: those of the gate that asks it. */
const GATE = ["gate", "attacks", "memory"].map((name) => `tests/load/trust_${name}_test.ts`);

/** What covers nothing that the others do not, and would take long; and this file, which would call itself. */
const LEFT_OUT = ["coverage_test.ts", "every_byte_test.ts", "mutations_test.ts"];

async function run(args: string[], env = {}): Promise<[code: number, output: string]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
  }).output();
  return [code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)];
}

/**
 * Makes a cache of Deno's with the packages of the usual one and nothing transpiled. Coverage reads what was transpiled again, and
 * in the usual cache processes with other flags replace it meanwhile.
 */
async function makeCache(folder: string): Promise<void> {
  const { denoDir } = JSON.parse((await run(["info", "--json"]))[1]);
  await Deno.mkdir(folder);
  for await (const { name, isDirectory } of Deno.readDir(denoDir)) {
    if (isDirectory && name !== "gen") await Deno.symlink(`${denoDir}/${name}`, `${folder}/${name}`);
  }
}

Deno.test("its tests run through every branch, function and line of lib/trust/", async () => {
  const folder = await Deno.makeTempDir();
  const env = { DENO_DIR: `${folder}/cache` };
  const profiles = `${folder}/profiles`;
  const included = `--include=^${ROOT}lib/trust/`;
  const tests = (await listNames("tests/trust/")).filter((name) =>
    name.endsWith("_test.ts") && !LEFT_OUT.includes(name)
  );
  try {
    await makeCache(env.DENO_DIR);
    const flags = ["--quiet", "--no-check", "--no-lock", `--import-map=${IMPORT_MAP}`, "--allow-all"];
    const coverage = [`--coverage=${profiles}`, "--coverage-raw-data-only"];
    const paths = [...tests.map((name) => `tests/trust/${name}`), ...GATE];
    const [code, output] = await run(["test", ...flags, ...coverage, ...paths], env);
    assertEquals([code, code === 0 ? "" : output], [0, ""]);
    const [covered, report] = await run(
      ["coverage", "--detailed", "--threshold=100", included, profiles],
      env,
    );
    assertEquals([covered, covered === 0 ? "" : report], [0, ""]);
    const [, lcov] = await run(["coverage", "--lcov", included, profiles], env);
    const reported = new Set(Array.from(lcov.matchAll(/^SF:.*\/(.*)$/gm), ([, name]) => name));
    assertEquals(reported, new Set(await listNames("lib/trust/")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function listNames(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(new URL(folder, ROOT)), ({ name }) => name);
}
