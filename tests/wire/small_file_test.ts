import { assertEquals, assertThrows } from "@std/assert";
import { run } from "../../lib/cli/mod.ts";
import { listen, ListenError } from "../../lib/http/mod.ts";
import { readSmallFile } from "../../lib/wire/small_file.ts";
import { makeLog } from "../_environments.ts";
import { makeTerminal } from "../cli/_terminal.ts";

/** Runs something with a directory of its own. */
async function withDirectory(run: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "halyard-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function makeFifo(directory: string): Promise<string> {
  const path = `${directory}/fifo`;
  await new Deno.Command("mkfifo", { args: [path] }).output();
  return path;
}

Deno.test("readSmallFile() reads a file up to its limit, through links too", async () => {
  await withDirectory((directory) => {
    const path = `${directory}/file`;
    for (const length of [0, 1, 999, 1000]) {
      Deno.writeFileSync(path, new Uint8Array(length).fill(7));
      assertEquals(readSmallFile(path, 1000), new Uint8Array(length).fill(7));
    }
    Deno.symlinkSync(path, `${directory}/link`);
    assertEquals(readSmallFile(`${directory}/link`, 1000).length, 1000);
    Deno.writeFileSync(path, new Uint8Array(1001));
    assertThrows(() => readSmallFile(path, 1000), RangeError, "larger than 1000 bytes");
    assertThrows(() => readSmallFile(`${directory}/none`, 1000), Deno.errors.NotFound);
  });
});

// What is not a small regular file, and what is said of it.
const REFUSED: [what: string, path: (directory: string) => string | Promise<string>, message: string][] = [
  ["a device that never ends", () => "/dev/zero", "not a regular file"],
  ["a device that ends at once", () => "/dev/null", "not a regular file"],
  ["a pipe", makeFifo, "not a regular file"],
  ["a directory", (directory) => directory, "is a directory"],
  ["a file over the limit", async (directory) => {
    const path = `${directory}/large`;
    await Deno.writeFile(path, new Uint8Array());
    await Deno.truncate(path, 2 ** 40);
    return path;
  }, "larger than 1048576 bytes"],
];

for (const [what, getPath, message] of REFUSED) {
  Deno.test({
    name: `readSmallFile(), --config and the files of TLS refuse ${what} without waiting`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      withDirectory(async (directory) => {
        const path = await getPath(directory);
        assertThrows(() => readSmallFile(path, 1024 ** 2), Error, message);
        const terminal = makeTerminal();
        assertEquals(await run(["--config", path], terminal), 1);
        assertEquals(
          terminal.errors,
          `Error loading config file: failed to read configuration file "${path}": ${message}\n` +
            "hint: check the path and its permissions\n",
        );
        const options = {
          port: 0,
          bindAddress: "127.0.0.1",
          tls: { cert: path, key: path, minVersion: "1.2" } as const,
        };
        const error = await listen(() => new Response(), options, makeLog()).catch((error) => error);
        assertEquals(error instanceof ListenError, true);
        assertEquals(error.message, `Cannot read "${path}" for TLS: ${message}`);
      }),
  });
}
