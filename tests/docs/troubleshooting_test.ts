import { assert, assertEquals } from "@std/assert";
import { readSources } from "../../tools/limits.ts";
import { collectMessages, type Message } from "./_messages.ts";

const PAGE = await Deno.readTextFile(new URL("../../docs/troubleshooting.md", import.meta.url));

/** What `check` finds has a page of its own, which `tests/inspection/findings_test.ts` compares with what it finds. */
const FINDINGS = await Deno.readTextFile(new URL("../../docs/check.md", import.meta.url));

/** What stands for a part that differs. */
const UNKNOWN = "…";

/** How long a cell may be. The longest hint has some 190 characters. */
const MOST_CHARACTERS = 420;

/** What the page says of some messages. */
interface Row {
  /** The messages, with `…` for what differs; none where a symptom is described. */
  messages: string[];
  /** What to do, as plain text. */
  advice: string;
}

/** Reads the rows of all tables of the page. */
function readRows(page: string): Row[] {
  return page.split("\n").filter((line) => /^\|(?! -)/.test(line)).flatMap((line) => {
    const [, first = "", , third = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const spans = [...first.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
    // A row of messages holds nothing but messages.
    const isMessages = first.replaceAll(/`[^`]+`/g, "").replaceAll(/, |<br>/g, "").trim() === "";
    if (first.startsWith("What you see")) return [];
    return [{ messages: isMessages ? spans : [], advice: third.replaceAll("`", "") }];
  });
}

/**
 * What a text with `…` stands for: anything but a colon with a blank, which separates what failed from why. Where it stands
 * for all of the reason, it stands for itself, so that a row `Cannot read archive …: …` is not a row for every reason.
 */
function toPattern(text: string): string {
  const [body, tail] = /[:,] …$/.test(text) ? [text.slice(0, -1), UNKNOWN] : [text, ""];
  return body.split(UNKNOWN).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join(
    "(?:(?!: ).)*",
  ) + tail;
}

function covers(row: string, message: string): boolean {
  return new RegExp(`(?:^|: )${toPattern(row)}$`).test(message);
}

/** Whether a message is only another one of which less is known. */
function isVague({ text }: Message, messages: readonly Message[]): boolean {
  const pattern = new RegExp(`^${toPattern(text).replace(/…$/, ".*")}$`);
  return messages.some((other) => other.text !== text && pattern.test(other.text));
}

/** Compares rows with messages. */
function compare(rows: readonly Row[], all: readonly Message[]): { missing: string[]; stale: string[] } {
  const messages = all.filter(({ kind }) => kind === "message");
  const documented = rows.flatMap((row) => row.messages);
  const withoutRow = messages.filter((message) =>
    !documented.some((row) => covers(row, message.text)) && !isVague(message, messages)
  );
  const advice = rows.map((row) => row.advice).join("\n");
  const hints = all.filter(({ kind, text }) =>
    kind === "hint" && !new RegExp(toPattern(text).replace(/…$/, ""), "i").test(advice)
  );
  return {
    missing: [
      ...withoutRow.map(({ text, place }) =>
        `${place}\n| \`${text.replace(/^Cannot [^:]*: (?=.)/, "")}\` |  |  |`
      ),
      ...hints.map(({ text, place }) => `${place}\n| … | … | ${text} |`),
    ],
    stale: documented.filter((row) => !messages.some(({ text }) => covers(row, text))),
  };
}

Deno.test("docs/troubleshooting.md has a row for each message, each hint in its last column, and no other rows", () => {
  const messages = collectMessages(readSources());
  const { stale } = compare(readRows(PAGE), messages);
  const { missing } = compare([...readRows(PAGE), ...readRows(FINDINGS)], messages);
  const report = [
    ...missing.length > 0
      ? ["Not in docs/troubleshooting.md (rows to paste; … stands for what differs):", ...missing]
      : [],
    ...stale.length > 0 ? ["In docs/troubleshooting.md, and no message any more:", ...stale] : [],
  ];
  assert(report.length === 0, ["", ...report].join("\n"));
});

Deno.test("docs/troubleshooting.md says for each row why it happens and what to do, and has no row for everything", () => {
  for (const line of PAGE.split("\n").filter((line) => line.startsWith("|"))) {
    assertEquals(line.split(/(?<!\\)\|/).length, 5, line);
    for (const cell of line.split(/(?<!\\)\|/).slice(1, 4).map((cell) => cell.trim())) {
      assert(cell !== "", `A cell is empty: ${line}`);
      assert(cell.length <= MOST_CHARACTERS, `A cell is too long to be read in a table: ${cell}`);
    }
  }
  for (const row of readRows(PAGE).flatMap(({ messages }) => messages)) {
    assert(row.replaceAll(/\P{L}/gu, "").length >= 7, `This row says nothing: ${row}`);
  }
});

Deno.test("collectMessages() finds messages and hints however they are made", () => {
  const source = `
const HINTS = { a: "hint of a table", b: SHARED };
const SHARED = "hint of a constant";
const TABLE: [string, number][] = [["has no name", 1], ["is too long", 2]];
export class CatError extends Error {
  constructor(problem: string, options: { hint: string }) {
    super(\`Cannot read cat "\${options}": \${problem}\`);
    this.hint = HINTS[problem];
  }
}
class PlainError extends TypeError {}
function refuse(what: string, hint = "look at the help"): never {
  throw new PlainError(\`cannot \${what}: it is \${Math.random() > 0.5 ? "too big" : "too small"}\`, { hint });
}
function cutOff(): CatError {
  return new CatError("it ends early", { hint: "copy it again" });
}
function work(log: Log, options: Options): void {
  const [problem] = TABLE.find(([, n]) => n === 1)!;
  if (problem) throw new CatError(\`entry \${options.name} \${problem}\`, { hint: "pack again" });
  refuse("eat it all");
  log.warn("This is a warning");
  options.log.error("This is" + " an error; hint: call somebody");
  log.info("This is nothing");
  log.warn("This has fields", { error: "it is cold", hint: "light a fire", cat: "This is no message" });
  log[options.isBad ? "warn" : "info"](\`This may be \${options.name}\`);
  (options.refuse ?? refuse)("no message");
  options.lines.map((message) => ({ message }));
  const warnings = [];
  warnings.push("This is pushed");
  problems.push({ message: "This is a problem", hint: "do something" });
  terminal.printError("Error: no such command\\nhint: look at the list\\n");
  return Promise.reject(new RangeError("This is out of range"));
}
`;
  const messages = collectMessages(new Map([["lib/cats/cat.ts", source]]));
  const texts = (kind: string): string[] =>
    messages.filter((one) => one.kind === kind).map(({ text }) => text).sort();
  assertEquals(texts("message"), [
    'Cannot read cat "…": entry … has no name',
    'Cannot read cat "…": entry … is too long',
    'Cannot read cat "…": it ends early',
    "This has fields",
    "This is a problem",
    "This is a warning",
    "This is an error",
    "This is out of range",
    "This is pushed",
    "This may be …",
    "cannot eat it all: it is too big",
    "cannot eat it all: it is too small",
    "it is cold",
    "no such command",
  ]);
  assertEquals(texts("hint"), [
    "call somebody",
    "copy it again",
    "do something",
    "hint of a constant",
    "hint of a table",
    "light a fire",
    "look at the help",
    "look at the list",
    "pack again",
  ]);
  assertEquals(messages.find(({ text }) => text === "This is a warning")?.place, "lib/cats/cat.ts:22");
});

Deno.test("a message without a row, a hint that is nowhere, and a row without a message are found", () => {
  const page = "| What you see | Cause | What to do |\n| - | - | - |\n" +
    "| `it is empty` | It has 0 bytes. | Copy it again |\n" +
    "| `Cannot read cat …: …` | It is bad. | look at `the end` |\n" +
    "| `nobody says this` | None. | Nothing. |\n" +
    "| SDKs get 401 | None. | Nothing. |\n";
  const at = { place: "lib/a.ts:1" };
  const messages: Message[] = [
    { kind: "message", text: 'Cannot read cat "…": it is empty', ...at },
    { kind: "message", text: 'Cannot read cat "…": …', ...at },
    { kind: "message", text: 'Cannot read cat "…": it is new', ...at },
    { kind: "hint", text: "look at the end", ...at },
    { kind: "hint", text: "copy it twice", ...at },
  ];
  assertEquals(compare(readRows(page), messages), {
    missing: [
      "lib/a.ts:1\n| `it is new` |  |  |",
      "lib/a.ts:1\n| … | … | copy it twice |",
    ],
    stale: ["nobody says this"],
  });
});
