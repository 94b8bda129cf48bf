import { assertEquals, assertRejects } from "@std/assert";
import { ensureDir } from "@std/fs";

/** Runs a test in a directory of its own. */
async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "halyard-fs-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("ensureDir() makes a directory with its parents, and keeps one that exists", async () => {
  await inDirectory(async (directory) => {
    await ensureDir(`${directory}/a/b`);
    await Deno.writeTextFile(`${directory}/a/b/file`, "");
    await ensureDir(`${directory}/a/b`);
    assertEquals(await Deno.readTextFile(`${directory}/a/b/file`), "");
    await Deno.symlink(`${directory}/a`, `${directory}/link`);
    await ensureDir(`${directory}/link`);
  });
});

Deno.test("ensureDir() refuses a path at which there is a file", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    await assertRejects(() => ensureDir(`${directory}/file`), Error, "Failed to ensure directory exists");
  });
});
