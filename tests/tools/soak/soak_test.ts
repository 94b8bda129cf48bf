import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readLines } from "../../../tools/soak/orders.ts";
import { IMPORT_MAP } from "../_programs.ts";

const ROOT = new URL("../../../", import.meta.url);

const DENO_FLAGS = ["--quiet", "--no-prompt", "--no-lock", "--allow-all", "--unstable-net"];
if (IMPORT_MAP !== undefined) DENO_FLAGS.push(`--import-map=${IMPORT_MAP}`);

/** The executable that is tested; empty for the sources. */
const BINARY = Deno.env.get("HALYARD_BINARY") ?? "";

/** A few seconds and a few streams, of which each transport has one of each kind. */
const SMALL = ["--streams", "100", "--requests", "50", "--reload", "0.5"];

interface SoakRun {
  /** Lines so far. */
  lines: string[];
  /** Waits for a line with a text. */
  waitFor(text: string): Promise<string>;
  /** Waits for the end. Resolves to the exit code and everything that was printed. */
  end(): Promise<[code: number, output: string]>;
  process: Deno.ChildProcess;
}

function startSoak(args: string[], binary = BINARY): SoakRun {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...DENO_FLAGS, "tools/soak/main.ts", ...args],
    cwd: ROOT,
    env: { HALYARD_BINARY: binary },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(process.stderr).text();
  const output = readLines(process.stdout);
  const lines: string[] = [];
  return {
    lines,
    process,
    async waitFor(text) {
      for (let next; !(next = await output.next()).done;) {
        lines.push(next.value);
        if (next.value.includes(text)) return next.value;
      }
      throw new Error(`The soak did not print "${text}":\n${lines.join("\n")}\n${await errors}`);
    },
    async end() {
      for await (const line of output) lines.push(line);
      const { code } = await process.status;
      return [code, `${lines.join("\n")}\n${await errors}`];
    },
  };
}

/** The numbers in the table at the end. */
function readTable(output: string): Map<string, number> {
  const table = output.slice(output.indexOf("what"), output.indexOf("\n\n", output.indexOf("what")));
  return new Map(
    [...table.matchAll(/^ *(.*?) {2,}([\d.]+)$/gm)].map(([, what, value]) => [what!, Number(value)]),
  );
}

Deno.test("soak ends with 0 and says what it has seen on all transports", async () => {
  const [code, output] = await startSoak([...SMALL, "--minutes", "0.1"]).end();
  assertEquals(code, 0, output);
  const table = readTable(output);
  assert(table.get("reloads")! >= 6, output);
  assert(table.get("updates")! >= 6 * 40, output);
  assert(table.get("requests")! >= 100, output);
  assertEquals(table.get("streams open"), 100, output);
  for (const what of ["lost", "wrong", "disconnects", "request errors"]) {
    assertEquals(table.get(what), 0, what);
  }
  for (const what of ["request p50, ms", "reload to the last stream at most, ms"]) {
    assert(table.get(what)! > 0, what);
  }
  for (const relay of ["plain", "TLS", "TLS 1.3"]) {
    assertMatch(output, new RegExp(`^ *${relay} +\\d+\\.\\d +\\d+\\.\\d +-?\\d+\\.\\d +\\d+\\.\\d$`, "m"));
  }
});

Deno.test("soak ends early at Ctrl-C, with its tables", async () => {
  const soak = startSoak([...SMALL, "--minutes", "9"]);
  await soak.waitFor("all streams are open");
  soak.process.kill("SIGINT");
  const [code, output] = await soak.end();
  assertEquals(code, 0, output);
  assertEquals(readTable(output).get("disconnects"), 0, output);
});

Deno.test("soak ends at once with 1 when a relay has died", async () => {
  const soak = startSoak([...SMALL, "--minutes", "9"]);
  const pid = Number(/relay TLS: process (\d+)/.exec(await soak.waitFor("relay TLS:"))![1]);
  await soak.waitFor("all streams are open");
  Deno.kill(pid, "SIGKILL");
  const [code, output] = await soak.end();
  assertEquals(code, 1, output);
  assertStringIncludes(output, "problem: relay TLS has ended with 137");
});

Deno.test("soak ends with 1 when versions do not come to streams", async () => {
  const script = await Deno.makeTempFile({ prefix: "halyard-soak-" });
  try {
    // A relay that follows a copy of the file, which nobody replaces.
    const halyard = BINARY ? [BINARY] : [Deno.execPath(), "run", ...DENO_FLAGS, "main.ts"];
    await Deno.writeTextFile(
      script,
      `#!/bin/sh\ncp "$FILE_DATA_SOURCE" ${script}.copy\nFILE_DATA_SOURCE=${script}.copy exec ${
        halyard.join(" ")
      } "$@"\n`,
    );
    await Deno.chmod(script, 0o700);
    const args = ["--minutes", "0.05", "--lag", "1", "--transports", "stream-port"];
    const [code, output] = await startSoak([...SMALL, ...args], script).end();
    assertEquals(code, 1, output);
    assert(readTable(output).get("lost")! >= 100, output);
    assertMatch(output, /problem: .*stream-port: version 1002 is lost, it has 1001/);
  } finally {
    await Deno.remove(script);
    await Deno.remove(`${script}.copy`).catch(() => {});
  }
});

Deno.test("soak ends with 2 at a command line that is wrong", async () => {
  const CASES: [args: string[], message: string][] = [
    [["--minutes", "soon"], '--minutes "soon" is not a number from 0 up'],
    [["--streams", "0"], '--streams "0" is not a number from 1 up'],
    [["--transports", "tls,quic"], 'There is no transport "quic", but port, stream-port, tls, h2, tls1.3'],
    [["--hours", "1"], "Unknown option '--hours'"],
  ];
  for (const [args, message] of CASES) {
    const [code, output] = await startSoak(args).end();
    assertEquals(code, 2);
    assertStringIncludes(output, message);
  }
});
