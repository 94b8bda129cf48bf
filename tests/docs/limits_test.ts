import { assert, assertEquals, assertThrows } from "@std/assert";
import { SECTIONS } from "../../lib/config/table.ts";
import { formatValue, listSettings, readLimits, readSources, renderLimits } from "../../tools/limits.ts";
import { lineOf, type Node, visit } from "./_syntax.ts";

const PAGE = new URL("../../docs/limits.md", import.meta.url);

/** How a constant is called that is a limit. */
const LIMIT_NAME =
  /(^|_)(MAX|MIN|MOST|LEAST|LARGEST|LONGEST|DEEPEST|LIMIT|DEADLINE|TIMEOUT|BUDGET|CAPACITY|QUOTA|GRACE)(_|$)/;

/** Whether an expression is a number, as far as that can be told without running it. */
function isNumeric(node: Node | null): boolean {
  switch (node?.type) {
    case "Literal":
      return typeof node.value === "number" || typeof node.value === "bigint";
    case "BinaryExpression":
      return isNumeric(node.left) && isNumeric(node.right);
    case "UnaryExpression":
      return isNumeric(node.argument);
    case "Identifier":
      return /^[A-Z][A-Z0-9_]*$|^[KMG]iB$/.test(node.name);
    case "MemberExpression":
      return node.object.type === "Identifier" && node.object.name === "Number";
    default:
      return false;
  }
}

/** Lists the constants that look like limits and say nothing of it, as `path:line NAME`. */
function findUntagged(sources: ReadonlyMap<string, string>): string[] {
  const untagged: string[] = [];
  for (const [path, source] of sources) {
    visit(path, source, {
      VariableDeclarator(node) {
        if (node.id.type !== "Identifier" || !LIMIT_NAME.test(node.id.name) || !isNumeric(node.init)) return;
        const before = source.slice(0, node.range[0]);
        const comment = /\/\*\*(?:(?!\*\/)[^])*\*\/\s*(?:export )?const $/.exec(before)?.[0] ?? "";
        if (!/@limit (\S.*)?: ?\S|@limit as \S/.test(comment)) {
          untagged.push(`${path}:${lineOf(source, node)} ${node.id.name}`);
        }
      },
    });
  }
  return untagged;
}

function sourceOf(text: string): Map<string, string> {
  return new Map([["lib/archive/planted.ts", text]]);
}

Deno.test("every constant in lib/ that looks like a limit says in its doc comment what happens past it", () => {
  assertEquals(
    findUntagged(readSources()),
    [],
    "Write /** What it bounds. Why. @limit unit: what happens past it */, or @limit as NAME where it repeats another",
  );
});

Deno.test("a limit that says nothing is found, whatever it is called and wherever it stands", () => {
  for (const name of ["MAX_CATS", "CAT_LIMIT", "FEED_DEADLINE", "CAT_TIMEOUT_MS", "MIN_CATS", "CAT_BUDGET"]) {
    for (
      const value of ["5", "64 * 1024", "2 ** 31 - 1", "64 * MiB", "OTHER", "-1", "Number.MAX_SAFE_INTEGER"]
    ) {
      for (
        const comment of ["", "/** Most cats. */\n", "// @limit cats: no\n", "/** Most cats. @limit */\n"]
      ) {
        const planted = `const A = 1;\n${comment}const ${name} = ${value};\n`;
        const line = planted.split("\n").length - 1;
        assertEquals(findUntagged(sourceOf(planted)), [`lib/archive/planted.ts:${line} ${name}`], planted);
        assertEquals(findUntagged(sourceOf(`function f() {\n${planted}}`)).length, 1);
      }
      const good = `/** Most cats. @limit cats: the archive is refused */\nconst ${name} = ${value};\n`;
      assertEquals(findUntagged(sourceOf(good)), [], good);
    }
  }
  assertEquals(findUntagged(sourceOf('const LIMIT = "raise the limit";\nconst CATS = 5;\n')), []);
});

Deno.test("readLimits() reads every tag that the linter's parser sees", () => {
  const sources = readSources();
  const tags = [...sources.values()].flatMap((source) => source.match(/@limit (?!as )/g) ?? []);
  assertEquals(readLimits(sources).length, tags.length);
  for (const { title, past, value } of readLimits(sources)) {
    assert(title.length > 8 && past.length > 8 && value > 0, title);
  }
});

Deno.test("readLimits() takes the first sentence, the value, and what the tag says", () => {
  const source = `import { MiB } from "./b.ts";
/** Most cats: two a room. Why not more. @limit cats: the archive is refused */
export const MAX_CATS = 2 * ROOMS - 1;
const ROOMS: number = 1_000;
/**
 * Largest cat
 * of all. They grow.
 *
 * @limit bytes: it is
 * not read
 */
const MAX_CAT = 64 * MiB / 2;
/** Largest port. @limit : refused */
const MAX_PORT = 2 ** 16 - 1;
/** Repeats. @limit as MAX_CATS */
const MAX_OTHER = 5;
/** No limit. */
const FIVE = 5;
`;
  const sources = new Map([["lib/archive/a.ts", source], [
    "lib/archive/b.ts",
    "export const MiB = 1_048_576;",
  ]]);
  const path = "lib/archive/a.ts";
  assertEquals(readLimits(sources), [
    { path, name: "MAX_CATS", value: 1999, unit: "cats", title: "Most cats", past: "the archive is refused" },
    {
      path,
      name: "MAX_CAT",
      value: 33_554_432,
      unit: "bytes",
      title: "Largest cat of all",
      past: "it is not read",
    },
    { path, name: "MAX_PORT", value: 65_535, unit: "", title: "Largest port", past: "refused" },
  ]);
});

Deno.test("readLimits() refuses what it cannot read, naming the constant", () => {
  for (
    const [source, message] of [
      ["/** Most cats. @limit cats */\nconst MAX_CATS = 5;", 'Cannot read the limit "MAX_CATS" in'],
      ["/** @limit cats: refused */\nconst MAX_CATS = 5;", 'Cannot read the limit "MAX_CATS" in'],
      ["/** Most cats. @limit cats: refused */\nconst MAX_CATS = count();", 'Cannot evaluate "count()"'],
      ["/** Most cats. @limit cats: refused */\nconst MAX_CATS = ROOMS;", 'Cannot find the number "ROOMS"'],
    ] as const
  ) assertThrows(() => readLimits(sourceOf(source)), SyntaxError, message);
});

Deno.test("listSettings() lists each setting that is a limit, and refuses one of which nobody knows what happens", () => {
  const names = listSettings(SECTIONS).map(([, , , setting]) => setting);
  assert(names.includes("`MAX_STREAMS`, `[Main] maxStreams`"));
  assert(!names.some((name) => name!.includes("initTimeout")));
  const planted = { ...SECTIONS.Main.settings.maxStreams, help: "Most cats; one more is refused." };
  const sections = { Main: { effect: "used", help: "", settings: { maxCats: planted } } } as const;
  assertThrows(() => listSettings(sections), TypeError, '"maxCats"');
});

Deno.test("formatValue() writes values as a person would", () => {
  assertEquals(formatValue(65_536, "bytes"), "64 KiB");
  assertEquals(formatValue(255, "bytes"), "255 bytes");
  assertEquals(formatValue(3 * 1024 ** 3, "bytes"), "3 GiB");
  assertEquals(formatValue(60_000, "ms"), "60 s");
  assertEquals(formatValue(3200, "ms"), "3,200 ms");
  assertEquals(formatValue(2 ** 31 - 1, "ms"), "24 days");
  assertEquals(formatValue(2 ** 63, "bytes"), "2^63 bytes");
  assertEquals(formatValue(10_000, "values"), "10,000 values");
});

Deno.test("docs/limits.md is current (else run deno task limits); what is written by hand stays", async () => {
  const page = await Deno.readTextFile(PAGE);
  const limits = readLimits(readSources());
  assertEquals(page, renderLimits(page, limits, SECTIONS));
  const emptied = page.replace(/(?<=from here .*\n)[^]*(?=<!-- generated to)/, "");
  assertEquals(renderLimits(emptied, limits, SECTIONS), page);
  assert(page.startsWith("# Limits\n") && page.includes("## Of the runtime and the system\n"));
});
