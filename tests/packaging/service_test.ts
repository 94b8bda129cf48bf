import { assert, assertEquals, assertGreater } from "@std/assert";
import { listHarmfulVariables } from "../../lib/cli/_harmful_variables.ts";
import { loadSettings, parseArgs, parseCommandLine, SETTINGS_FLAGS } from "../../lib/config/mod.ts";
import { UNIX_SOCKET } from "../../tools/permissions.ts";
import { harmfulEnvironment } from "../tools/_harmful_environment.ts";
import { canRun } from "../tools/_programs.ts";

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

Deno.test("halyard.service has the directory of the executable's Unix socket, and lets Unix sockets be made", () => {
  assertEquals(values("RuntimeDirectory").map((name) => `/run/${name}/halyard.sock`), [UNIX_SOCKET]);
  assert(values("RestrictAddressFamilies")[0]!.split(" ").includes("AF_UNIX"));
});

/** The lines of docs/deploy.md that let nginx connect. */
async function readDropIn(): Promise<string> {
  const docs = await Deno.readTextFile(new URL("../../docs/deploy.md", import.meta.url));
  return /```ini\n(.*?)```/s.exec(docs)![1]!;
}

Deno.test("docs/deploy.md lets the group of nginx connect to the executable's Unix socket, and nobody else", async () => {
  const settings = new Map((await readDropIn()).split("\n").map((line) => [line.split("=")[0]!, line]));
  assertEquals(settings.get("Environment"), `Environment=UNIX_SOCKET=${UNIX_SOCKET}`);
  const [umask, mode] = ["UMask", "RuntimeDirectoryMode"].map((name) =>
    parseInt(settings.get(name)!.split("=")[1]!, 8)
  );
  // The group writes to the socket and enters the directory; others do neither.
  assertEquals([0o777 & ~umask!, mode], [0o770, 0o750]);
});

Deno.test("halyard.service, alone and with the lines of docs/deploy.md, is what systemd understands", {
  ignore: !await canRun("systemd-analyze"),
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "halyard-unit-" });
  const path = `${folder}/halyard.service`;
  async function verify(): Promise<[code: number, stderr: string]> {
    const { code, stderr } = await new Deno.Command("systemd-analyze", { args: ["verify", path] }).output();
    return [code, new TextDecoder().decode(stderr)];
  }
  // It is not installed here.
  await Deno.writeTextFile(path, unit.replace("/usr/bin/halyard", "/bin/true"));
  assertEquals(await verify(), [0, ""]);
  await Deno.mkdir(`${path}.d`);
  await Deno.writeTextFile(`${path}.d/override.conf`, await readDropIn());
  assertEquals(await verify(), [0, ""]);
  await Deno.writeTextFile(`${path}.d/wrong.conf`, "[Service]\nRuntimeDirectory=/run/x\n");
  assert((await verify())[1].includes("wrong.conf"), "it reads what is beside the unit");
  await Deno.remove(folder, { recursive: true });
});
