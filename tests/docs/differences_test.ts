import { assertEquals, assertNotEquals } from "@std/assert";
import { evaluateFlag, type Json } from "../evaluation/_environment.ts";

const PAGE = await Deno.readTextFile(new URL("../../docs/differences.md", import.meta.url));

/** An example of the page: a flag, a context, and the values that both give. */
interface Example {
  flag: Json;
  segments?: Record<string, Json>;
  context: Json;
  "Relay Proxy": unknown;
  Halyard: unknown;
}

/** The examples by what stands in bold before them. */
const EXAMPLES = [...PAGE.matchAll(/^\*\*(.+?)\.\*\*[^]*?```json\n([^]*?)```$/gm)].map(
  ([, title, json]) => [title!, JSON.parse(json!) as Example] as const,
);

Deno.test("docs/differences.md has an example for each kind of value that differs", () => {
  const section = /## Where values can differ\n([^]*?)\n## /.exec(PAGE)![1]!;
  assertEquals(EXAMPLES.map(([title]) => title), section.match(/(?<=^\*\*).+?(?=\.\*\*)/gm));
  assertEquals(EXAMPLES.length, 4);
});

for (const [title, { flag, segments = {}, context, ...values }] of EXAMPLES) {
  Deno.test(`evaluate() gives what docs/differences.md says: ${title}`, () => {
    const { value, reason } = evaluateFlag({ flags: { flag }, segments }, context);
    assertEquals(value, values.Halyard, JSON.stringify(reason));
    assertNotEquals(values.Halyard, values["Relay Proxy"], "This is no difference");
  });
}
