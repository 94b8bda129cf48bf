import { assertEquals, assertRejects } from "@std/assert";
import { ArchiveError } from "../../lib/archive/mod.ts";
import type { TarFile } from "../../lib/archive/_guard.ts";
import { untar } from "../../lib/archive/_untar.ts";

function file(name: string, size: number, blocks: number, fill = 0x61): TarFile {
  return { name, size, blocks: new Uint8Array(blocks * 512).fill(fill) };
}

Deno.test("untar() gives content by name, without padding, whatever the size", async () => {
  for (const size of [0, 1, 511, 512, 513, 65_536, 200_001]) {
    const blocks = Math.ceil(size / 512);
    const contents = await untar([file("a", size, blocks), file("b", size, blocks, 0x62)]);
    assertEquals([...contents.keys()], ["a", "b"]);
    assertEquals(contents.get("a"), new Uint8Array(size).fill(0x61));
    assertEquals(contents.get("b"), new Uint8Array(size).fill(0x62));
  }
});

Deno.test("untar() gives content that looks like the end of a tar", async () => {
  const contents = await untar([file("zeros", 2048, 4, 0), file("a", 1, 1)]);
  assertEquals([...contents].map(([name, content]) => [name, content.length]), [["zeros", 2048], ["a", 1]]);
});

Deno.test("untar() reads names of 100 bytes and beyond ASCII", async () => {
  const names = ["n".repeat(100), "größe-温度-😀.json"];
  assertEquals([...(await untar(names.map((name) => file(name, 1, 1)))).keys()], names);
});

for (
  const [what, files] of [
    ["more content than the header says", [file("a", 5, 2)]],
    ["less content than the header says", [file("a", 600, 1)]],
    ["a name that does not fit", [file("n".repeat(101), 1, 1)]],
    ["a name twice", [file("a", 1, 1), file("a", 1, 1)]],
  ] as const
) {
  Deno.test(`untar() refuses ${what}: the library would disagree`, async () => {
    const error = await assertRejects(() => untar([...files]), ArchiveError);
    assertEquals(error.reason, "tar-library");
  });
}
