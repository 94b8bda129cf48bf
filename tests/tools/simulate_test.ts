import { assertEquals, assertStringIncludes } from "@std/assert";
import { runs } from "../_nightly.ts";

const ROOT = new URL("../../", import.meta.url);

/** Import map of this process. */
const IMPORT_MAP = new URL(
  import.meta.resolve("@std/assert").startsWith("file:") ? "tools/std/import_map.json" : "deno.json",
  ROOT,
);

/** Number of simulations, in two processes. */
const SEEDS = runs(2_000);

/** Runs simulations. Returns the exit code and what it printed. */
async function simulate(seeds: string, importMap = IMPORT_MAP): Promise<[code: number, output: string]> {
  const flags = [
    "--quiet",
    "--no-check",
    "--no-lock",
    `--import-map=${importMap}`,
    "--no-prompt",
  ];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "tools/simulate/main.ts", "--seeds", seeds],
    cwd: ROOT,
  }).output();
  return [code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)];
}

Deno.test(`the relay keeps its promises in ${SEEDS} simulations`, async () => {
  const half = SEEDS / 2;
  const results = await Promise.all([simulate(`1-${half}`), simulate(`${half + 1}-${SEEDS}`)]);
  for (const [code, output] of results) {
    const [last = "", ...others] = output.trimEnd().split("\n").reverse();
    assertEquals([code, code === 0 ? "" : [last, ...others].reverse().join("\n")], [0, ""]);
    assertEquals([others.length + 1, /^seed \d+ ok [0-9a-f]{16}$/.test(last)], [half, true]);
  }
});

Deno.test("simulate gives the same digest for the same seed in another process", async () => {
  const [[, first], [, second]] = await Promise.all([simulate("1-30"), simulate("11-30")]);
  assertEquals(first.split("\n").slice(10), second.split("\n"));
});

Deno.test("simulate ends with 1 at the first broken promise, after all steps of that seed", async () => {
  const relay = new URL("lib/relay.ts", ROOT).href;
  // A relay that forgets one key.
  const planted = `
    import { startRelay as start } from "${relay}?original";
    export function startRelay(settings, options) {
      const listen = (handler) => options.listen((request, transport) =>
        request.headers.get("authorization") === "sdk-1" ? new Response(null, { status: 401 }) : handler(request, transport));
      return start(settings, { ...options, listen });
    }`;
  const { imports } = JSON.parse(await Deno.readTextFile(IMPORT_MAP));
  const absolute = Object.entries<string>(imports).map((
    [name, target],
  ) => [name, target.startsWith("./") ? new URL(target, IMPORT_MAP).href : target]);
  const map = {
    imports: {
      ...Object.fromEntries(absolute),
      [relay]: `data:text/javascript,${encodeURIComponent(planted)}`,
    },
  };
  const path = await Deno.makeTempFile({ prefix: "halyard-simulate-", suffix: ".json" });
  try {
    await Deno.writeTextFile(path, JSON.stringify(map));
    const [code, output] = await simulate("1-5", new URL(`file://${path}`));
    assertEquals(code, 1);
    assertStringIncludes(output, "0.000 s: the file is replaced by archive 0");
    assertStringIncludes(output, "401 instead of 200");
  } finally {
    await Deno.remove(path);
  }
});
