import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** Import map of this process. */
const IMPORT_MAP = new URL(
  import.meta.resolve("@std/assert").startsWith("file:") ? "tools/std/import_map.json" : "deno.json",
  ROOT,
);

/** What covers nothing that the others do not, and would take long. */
const IGNORED = ["coverage_test.ts", "every_byte_test.ts", "mutations_test.ts"];

/** Files of the room with nothing but types and exports. */
const WITHOUT_CODE = ["mod.ts"];

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

Deno.test("tests/trust/ runs through every branch, function and line of lib/trust/", async () => {
  const folder = await Deno.makeTempDir();
  const env = { DENO_DIR: `${folder}/cache` };
  const profiles = `${folder}/profiles`;
  const included = `--include=^${ROOT}lib/trust/`;
  const ignored = IGNORED.map((name) => `tests/trust/${name}`).join();
  try {
    await makeCache(env.DENO_DIR);
    const flags = ["--quiet", "--no-check", "--no-lock", `--import-map=${IMPORT_MAP}`, "--allow-all"];
    const coverage = [`--coverage=${profiles}`, "--coverage-raw-data-only"];
    const [code, output] = await run(
      ["test", ...flags, ...coverage, `--ignore=${ignored}`, "tests/trust"],
      env,
    );
    assertEquals([code, code === 0 ? "" : output], [0, ""]);
    const [covered, report] = await run(
      ["coverage", "--detailed", "--threshold=100", included, profiles],
      env,
    );
    assertEquals([covered, covered === 0 ? "" : report], [0, ""]);
    const [, lcov] = await run(["coverage", "--lcov", included, profiles], env);
    const reported = new Set(Array.from(lcov.matchAll(/^SF:.*\/(.*)$/gm), ([, name]) => name));
    assertEquals(reported, await listCode());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function listCode(): Promise<Set<string>> {
  const names = await Array.fromAsync(Deno.readDir(new URL("lib/trust/", ROOT)), ({ name }) => name);
  return new Set(names.filter((name) => !WITHOUT_CODE.includes(name)));
}
