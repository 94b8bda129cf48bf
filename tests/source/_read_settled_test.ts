import { assertEquals } from "@std/assert";
import { isSame } from "../../lib/source/_read_settled.ts";

Deno.test("isSame() looks at device, inode, size, and both times", async () => {
  const info = await Deno.stat(import.meta.filename!);
  const changes: [change: Partial<Deno.FileInfo>, isSeen: boolean][] = [
    [{}, false],
    [{ atime: new Date(0) }, false],
    [{ dev: info.dev + 1 }, true],
    [{ ino: info.ino! + 1 }, true],
    [{ size: info.size + 1 }, true],
    [{ mtime: new Date(0) }, true],
    [{ mtime: null }, true],
    [{ ctime: new Date(0) }, true],
  ];
  for (const [change, isSeen] of changes) {
    assertEquals(isSame(info, { ...info, ...change }), !isSeen, Deno.inspect(change));
  }
});
