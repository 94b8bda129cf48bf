import { assertEquals, assertGreater } from "@std/assert";
import { listHarmfulVariables } from "../../lib/cli/_harmful_variables.ts";
import { loadSettings, parseArgs, parseCommandLine, SETTINGS_FLAGS } from "../../lib/config/mod.ts";
import { harmfulEnvironment } from "../tools/_harmful_environment.ts";

const unit = await Deno.readTextFile(new URL("../../packaging/halyard.service", import.meta.url));

/** What the unit says under a name. */
function values(name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value!);
}

const env = { FILE_DATA_SOURCE: "flags.tar.gz" };
const { settings } = loadSettings(parseCommandLine(["--from-env"]), { env, readFile: () => undefined });

Deno.test("halyard.service starts the program with a file and the environment", () => {
  const [program, ...args] = values("ExecStart")[0]!.split(" ");
  assertEquals(program, "/usr/bin/halyard");
  const { configFile, allowMissingFile, fromEnv } = parseCommandLine(args);
  assertEquals([configFile, allowMissingFile, fromEnv], ["/etc/ld-relay.conf", true, true]);
  assertEquals(parseArgs(args, SETTINGS_FLAGS).positional, []);
});

Deno.test("halyard.service allows more files than streams, and more time to stop than delay and grace period", () => {
  assertGreater(Number(values("LimitNOFILE")[0]), settings.maxStreams);
  const [, seconds] = /^(\d+)s$/.exec(values("TimeoutStopSec")[0]!)!;
  assertGreater(Number(seconds) * 1000, settings.shutdownDelay + settings.shutdownGracePeriod);
});

Deno.test("halyard.service unsets every variable that the log would warn of, and docs/compile.md has the same lines", async () => {
  const unset = values("UnsetEnvironment");
  const names = unset.flatMap((line) => line.split(" "));
  assertEquals(names.length, new Set(names).size);
  const harmful = Object.assign({}, ...Object.values(harmfulEnvironment({ folder: "", port: 0 })));
  const worst = ["COMPLETE", "LD_AUDIT", "LD_PRELOAD", "SIMDUTF_FORCE_IMPLEMENTATION", "SSLKEYLOGFILE"];
  assertEquals([...listHarmfulVariables(harmful), ...worst].filter((name) => !names.includes(name)), []);
  const docs = await Deno.readTextFile(new URL("../../docs/compile.md", import.meta.url));
  const [, lines] = /```ini\n(.*?)```/s.exec(docs)!;
  assertEquals(lines, unset.map((line) => `UnsetEnvironment=${line}\n`).join(""));
});

Deno.test("halyard.service lets V8 compile at run time", () => {
  assertEquals(values("MemoryDenyWriteExecute"), []);
});
