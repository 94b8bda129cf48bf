import { assertEquals, assertThrows } from "@std/assert";
import { FolderError, isEnvironmentFile } from "../../lib/folder/mod.ts";

Deno.test("isEnvironmentFile() takes .json files, skips dotfiles, and refuses the rest with a hint", () => {
  assertEquals(["a.json", "a.b.json", "A B.json"].map(isEnvironmentFile), [true, true, true]);
  assertEquals([".halyard-seed", ".git", ".json", ".x.json"].map(isEnvironmentFile), [
    false,
    false,
    false,
    false,
  ]);
  for (const name of ["a.yml", "a.YAML", "README.md", "folder", "a.json~", "a.json.bak"]) {
    const error = assertThrows(() => isEnvironmentFile(name), FolderError, `Cannot pack "${name}": `);
    assertEquals(typeof error.hint, "string");
  }
});
