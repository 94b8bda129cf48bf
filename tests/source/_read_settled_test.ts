import { assertEquals } from "@std/assert";
import { isSame } from "../../lib/source/_read_settled.ts";
import { SourceError } from "../../lib/source/source_error.ts";

Deno.test("isSame() looks at device, inode, size, and both times, of the file and its companions", async () => {
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
    const changed = { ...info, ...change };
    const name = Deno.inspect(change);
    assertEquals(
      isSame({ file: info, companions: [] }, { file: changed, companions: [] }),
      !isSeen,
      name,
    );
    assertEquals(
      isSame({ file: info, companions: [undefined, info] }, {
        file: info,
        companions: [undefined, changed],
      }),
      !isSeen,
      name,
    );
  }
  for (
    const other of [undefined, new SourceError("not a file", { path: "a", reason: "not a file", hint: "" })]
  ) {
    assertEquals(isSame({ file: info, companions: [info] }, { file: info, companions: [other] }), false);
    assertEquals(isSame({ file: info, companions: [other] }, { file: info, companions: [info] }), false);
    assertEquals(isSame({ file: info, companions: [other] }, { file: info, companions: [other] }), true);
  }
});
