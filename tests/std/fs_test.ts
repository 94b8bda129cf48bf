import { assert, assertEquals, assertRejects } from "@std/assert";
import { emptyDir, ensureDir, exists } from "@std/fs";

/** Runs a test in a directory of its own. */
async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "halyard-fs-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).sort();
}

Deno.test("ensureDir() makes a directory with its parents, and keeps one that exists", async () => {
  await inDirectory(async (directory) => {
    await ensureDir(`${directory}/a/b`);
    await Deno.writeTextFile(`${directory}/a/b/file`, "");
    await ensureDir(`${directory}/a/b`);
    assertEquals(await names(`${directory}/a/b`), ["file"]);
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

Deno.test("emptyDir() removes all in a directory, hidden and nested, or makes it", async () => {
  await inDirectory(async (directory) => {
    await ensureDir(`${directory}/a/b`);
    await Deno.writeTextFile(`${directory}/a/.hidden`, "");
    await Deno.writeTextFile(`${directory}/a/b/file`, "");
    await emptyDir(`${directory}/a`);
    assertEquals(await names(`${directory}/a`), []);
    await emptyDir(`${directory}/new/one`);
    assertEquals(await names(`${directory}/new`), ["one"]);
  });
});

Deno.test("exists() follows links and tells a missing path from one that cannot be looked at", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    await Deno.symlink("file", `${directory}/link`);
    await Deno.symlink("nothing", `${directory}/dangling`);
    assert(await exists(directory));
    assert(await exists(`${directory}/file`));
    assert(await exists(`${directory}/link`));
    assert(!await exists(`${directory}/dangling`));
    assert(!await exists(`${directory}/nothing`));
    await assertRejects(() => exists(`${directory}/file/below`));
  });
});
