import { assertEquals } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import map from "../../../tools/std/import_map.json" with { type: "json" };

/** The entries of `imports` for `@std`, or the others. */
function select(imports: Record<string, string>, isStd: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(imports).filter(([name]) => name.startsWith("@std/") === isStd),
  );
}

Deno.test("import_map.json repeats every other entry of deno.json, since an import map replaces them all", () => {
  assertEquals(select(map.imports, false), select(config.imports, false));
});

Deno.test("import_map.json maps every @std name of deno.json to a file beside it", async () => {
  const stood = select(map.imports, true);
  assertEquals(Object.keys(stood).sort(), Object.keys(select(config.imports, true)).sort());
  for (const [name, file] of Object.entries(stood)) {
    assertEquals(file, name.replace("@std/", "./") + ".ts");
    await Deno.stat(new URL(`../../../tools/std/${file}`, import.meta.url));
  }
});
