/**
 * Reads the limits out of the doc comments of constants, for `docs/limits.md`.
 *
 * A constant that bounds something has a doc comment whose first sentence (up to a full stop or colon) names what it bounds,
 * and a tag:
 *
 * - `@limit UNIT: WHAT HAPPENS PAST IT`, for example `@limit bytes: the archive is refused`; the unit may be empty;
 * - `@limit as NAME`, when it only repeats the limit called NAME (the variable of a setting or another constant).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readLimits } from "./limits.ts";
 *
 * const source = "/** Most entries: two a file. @limit entries: the archive is refused *\/\nconst MAX_ENTRIES = 4 * 1024;";
 * const [limit] = readLimits(new Map([["lib/archive/_limits.ts", source]]));
 * assertEquals(limit?.value, 4096);
 * assertEquals(limit?.title, "Most entries");
 * ```
 *
 * @module
 */
import type { Section } from "../lib/config/table.ts";
import { markdownTable } from "../lib/config/mod.ts";

/** A limit that stands in the source. */
export interface Limit {
  /** Path of its file from the root of the project, e.g. `lib/archive/_limits.ts`. */
  path: string;
  /** Name of the constant. */
  name: string;
  /** Its value, in `unit`. */
  value: number;
  /** Unit, e.g. `bytes`; empty where there is none. */
  unit: string;
  /** Description of what it bounds. */
  title: string;
  /** Effect of reaching it. */
  past: string;
}

/** A constant with a doc comment that has the tag. Other ends of the comment than the next `*\/` there are none. */
const TAGGED = /\/\*\*((?:(?!\*\/)[^])*?@limit\b(?:(?!\*\/)[^])*)\*\/\s*(?:export )?const (\w+)/g;

/** Any numeric constant: only what `evaluate` understands. */
const CONSTANT = /\bconst (\w+)(?:: number)? = ([^;]+);/g;

/** Effects of reaching each limit that is a setting, by its name in the file. Its help describes what it bounds. */
const PAST_SETTINGS: Record<string, string> = {
  maxClientConnectionTime: "the stream is closed; its client connects anew",
  shutdownGracePeriod: "requests that are still open are cut off, with a warning",
  maxConnectionsPerAddress: "the connection is closed, with a warning",
  maxStreams: "the request is answered 503 with `Retry-After`",
  maxClientRequestBodySize: "the request is answered 413",
  maxPayloadBytesInFlight: "the next large result waits for its turn, then is answered 503",
  maxArchiveSize: "the archive is refused",
  memoryLimit: "the archive is not loaded yet, the previous data stays in use",
  maxAge: "an alarm; with `hard`, a new archive is refused",
  maxInboundPayloadSize: "the events are answered 202 and the connection is closed",
};

/** Titles of the page by folder of `lib/`, in the page's order. A folder that is not here is its own title, at the end. */
const ROOMS: Record<string, string> = {
  config: "Configuration",
  source: "Reading and loading the file",
  load: "Reading and loading the file",
  archive: "Archive",
  model: "Contexts",
  evaluation: "Evaluation",
  trust: "Signatures",
  http: "Requests and streams",
  routes: "Requests and streams",
  wire: "Requests and streams",
  delivery: "Requests and streams",
  observe: "Log",
  cli: "Command line",
  inspection: "Command line",
  folder: "Command line",
  pull: "Downloading an archive",
};

/** Names of settings that are limits. */
const LIMIT_SETTING = /^max|Period$|Timeout$|Deadline$|Limit$/;

/**
 * Reads the limits of some sources.
 *
 * @param sources Texts by path.
 * @returns The limits, in the order of the sources; those that only repeat another one are left out.
 * @throws {SyntaxError} When a tag or a value cannot be understood, naming the constant.
 */
export function readLimits(sources: ReadonlyMap<string, string>): Limit[] {
  return [...sources].flatMap(([path, source]) =>
    [...source.matchAll(TAGGED)].flatMap(([, comment = "", name = ""]) => {
      const text = comment.replaceAll(/\s*\n\s*\* ?|\s+/g, " ").trim();
      const [, doc = "", tag = ""] = /^(.*?)\s*@limit (.*)$/.exec(text) ?? [];
      if (tag.startsWith("as ")) return [];
      const [, unit, past] = /^(.*?): ?(\S.*)$/.exec(tag.replace(/ @.*/, "")) ?? [];
      const title = /^.*?(?=[.:](?: |$))/.exec(doc)?.[0];
      if (unit === undefined || past === undefined || !title) {
        throw new SyntaxError(
          `Cannot read the limit "${name}" in ${path}: write "What it bounds. @limit unit: what happens past it"`,
        );
      }
      return [{ path, name, value: valueOf(name, path, sources), unit: unit.trim(), title, past }];
    })
  );
}

/**
 * Lists the settings that are limits.
 *
 * @param sections The table of settings.
 * @returns Rows of cells: what it bounds, default, what happens past it, its variable and its place in the file.
 * @throws {TypeError} When it is not known what happens past one.
 */
export function listSettings(sections: Record<string, Section>): string[][] {
  return Object.entries(sections).flatMap(([title, { effect: sectionEffect, settings }]) =>
    Object.entries(settings).flatMap(
      ([name, { env, default: value = "", effect = sectionEffect, sameAs, help = "" }]) => {
        if (effect !== "used" || sameAs !== undefined || !LIMIT_SETTING.test(name)) return [];
        const past = PAST_SETTINGS[name];
        if (past === undefined) {
          throw new TypeError(`Cannot list the limit "${name}": add it to PAST_SETTINGS in tools/limits.ts`);
        }
        const bounds = help.split(/[.;]/)[0]!;
        return [[bounds, value === "" ? "–" : `\`${value}\``, past, `\`${env}\`, \`[${title}] ${name}\``]];
      },
    )
  );
}

/**
 * Writes a value as a person would.
 *
 * @param value The value.
 * @param unit Its unit.
 * @returns For example `64 KiB` for 65536 bytes, `60 s` for 60000 ms, `10,000 values`.
 */
export function formatValue(value: number, unit: string): string {
  const DAY = 86_400_000;
  if (value > Number.MAX_SAFE_INTEGER) return `2^${Math.log2(value)} ${unit}`.trim();
  if (unit === "ms" && value >= 2 * DAY) return `${Math.floor(value / DAY)} days`;
  if (unit === "ms" && value % 1000 === 0) return formatValue(value / 1000, "s");
  for (const [larger, size] of [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024]] as const) {
    if (unit === "bytes" && value >= size && value % size === 0) return formatValue(value / size, larger);
  }
  return `${value.toLocaleString("en")} ${unit}`.trim();
}

/** Finds a constant in the file itself, else anywhere. */
function valueOf(name: string, path: string, sources: ReadonlyMap<string, string>): number {
  for (const [file, source] of [[path, sources.get(path) ?? ""] as const, ...sources]) {
    for (const [, found, expression = ""] of source.matchAll(CONSTANT)) {
      if (found === name) return evaluate(expression, (other) => valueOf(other, file, sources));
    }
  }
  throw new SyntaxError(`Cannot find the number "${name}" that ${path} uses`);
}

/** Evaluates numbers and names with `**`, `*`, `/`, `+` and `-` between them, without parentheses. */
function evaluate(expression: string, find: (name: string) => number): number {
  const [first = "", ...rest] = expression.replaceAll(/\s/g, "").split(/(\*\*|[*/+-])/);
  function read(term = ""): number {
    if (/^\d[\d_]*(\.\d+)?$/.test(term)) return Number(term.replaceAll("_", ""));
    if (/^[A-Za-z]\w*$/.test(term)) return find(term);
    throw new SyntaxError(`Cannot evaluate "${expression}": it is more than numbers, names and ** * / + -`);
  }
  const values = [read(first)];
  const operators: string[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    operators.push(rest[i]!);
    values.push(read(rest[i + 1]));
  }
  for (const level of [["**"], ["*", "/"], ["+", "-"]]) {
    for (let i = 0; i < operators.length;) {
      const operator = operators[i]!;
      if (level.includes(operator)) {
        values.splice(i, 2, apply(values[i]!, operator, values[i + 1]!));
        operators.splice(i, 1);
      } else {
        i++;
      }
    }
  }
  return values[0]!;
}

function apply(a: number, operator: string, b: number): number {
  if (operator === "**") return a ** b;
  if (operator === "*") return a * b;
  if (operator === "/") return a / b;
  return operator === "+" ? a + b : a - b;
}

/**
 * Replaces the generated part of the page, between its two marks. What stands before and after them is written by hand and stays.
 *
 * @param page The page as it is.
 * @param limits The limits in the source.
 * @param sections The table of settings.
 * @returns The page as it should be, as `deno fmt` leaves it.
 * @throws {SyntaxError} When the page is without the marks.
 */
export function renderLimits(
  page: string,
  limits: readonly Limit[],
  sections: Record<string, Section>,
): string {
  const [, before, after] =
    /^([^]*?<!-- generated from here [^\n]*\n)[^]*?(<!-- generated to here -->[^]*)$/.exec(page) ?? [];
  if (before === undefined) throw new SyntaxError("Cannot write docs/limits.md: it is without its two marks");
  const rooms = Map.groupBy(limits, ({ path }) => path.split("/")[1]!);
  const titles = new Map([
    ...Object.entries(ROOMS),
    ...[...rooms.keys()].map((room) => [room, ROOMS[room] ?? room] as const),
  ]);
  const parts = [
    "\n## Settings\n",
    markdownTable(["What it bounds", "Default", "Past it", "Setting"], listSettings(sections)),
  ];
  for (const title of new Set(titles.values())) {
    const rows = [...titles].filter(([, other]) => other === title).flatMap(([room]) =>
      rooms.get(room) ?? []
    );
    if (rows.length === 0) continue;
    parts.push(`## ${title}\n`);
    parts.push(markdownTable(
      ["What it bounds", "Value", "Past it", "In the source"],
      rows.map((
        { title, value, unit, past, name },
      ) => [title, formatValue(value, unit), past, `\`${name}\``]),
    ));
  }
  return `${before}${parts.join("\n")}\n${after}`;
}

/**
 * Reads the source of the program.
 *
 * @returns Texts by path from the root of the project, in order of path; without the stand-ins for `@std`, which are no part
 * of it where there is JSR.
 */
export function readSources(): Map<string, string> {
  const root = new URL("../", import.meta.url);
  const sources = new Map<string, string>();
  for (const path of listFiles(root, "lib/").sort()) {
    if (!path.startsWith("tools/std/")) sources.set(path, Deno.readTextFileSync(new URL(path, root)));
  }
  return sources;
}

function listFiles(root: URL, folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return listFiles(root, `${folder}${name}/`);
    return name.endsWith(".ts") ? [`${folder}${name}`] : [];
  });
}
