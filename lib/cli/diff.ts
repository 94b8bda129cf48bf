import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import {
  compareContexts,
  type ComparedEnvironment as Compared,
  compareEnvironments,
  type ContextComparison,
  type ContextDifference,
  differencesToJson,
  type EnvironmentDifference,
  type ItemDifference,
  type KeyDifference,
} from "../inspection/mod.ts";
import { type Context, readContext } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import { type FileEnvironment, FileError, nameEnvironment, readTwoArchives } from "./archive_file.ts";
import type { Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { UsageError } from "./parse_args.ts";
import { describeCounts, printTable } from "./table.ts";
import type { Style, Terminal } from "./terminal.ts";

/** The command `diff`. */
export const DIFF: Command = {
  name: "diff",
  summary: "compares two archives: what changes, and what streams get of it",
  usage: "OLD NEW",
  arity: [2, 2],
  details: "The exit code is 0 where both serve the same, 1 where they differ. Keys are obscured.",
  example: "diff served.tar.gz flags.tar.gz --contexts contexts.jsonl",
  flags: {
    contexts: {
      value: "FILE|-",
      help: "Contexts, one a line as JSON: print how many of them get another value, of which flags.",
    },
    ...jsonFlag("diff"),
  },
  async run({ positional: [oldPath, newPath], values, switches }, terminal) {
    const [old, now] = await readTwoArchives([oldPath!, newPath!]);
    const contextsPath = values.get("contexts");
    const compared: ComparedEnvironment[] = [];
    const both = new Map<ComparedEnvironment, [before: Snapshot, after: Snapshot]>();
    for (const [before, after] of pairUp(old!.environments, now!.environments)) {
      const environment: ComparedEnvironment = {
        environment: nameEnvironment((after ?? before)!),
        difference: await compareEnvironments(toVersion(before), toVersion(after)),
      };
      compared.push(environment);
      if (before?.snapshot && after?.snapshot) both.set(environment, [before.snapshot, after.snapshot]);
    }
    if (contextsPath !== undefined) {
      const comparisons = await compareContexts([...both.values()], readContexts(contextsPath, terminal));
      for (const [i, environment] of [...both.keys()].entries()) environment.contexts = comparisons[i]!;
    }
    if (switches.has("json")) printJson(terminal, differencesToJson(compared, contextsPath !== undefined));
    else print(terminal, compared);
    return compared.every(({ difference }) => difference.change === "same") ? 0 : 1;
  },
};

/** An environment of both archives, or of one. */
interface ComparedEnvironment extends Compared {
  /** Its name, as a person knows it. */
  environment: string;
}

type Pair = [before: FileEnvironment | undefined, after: FileEnvironment | undefined];

function pairUp(before: readonly FileEnvironment[], after: readonly FileEnvironment[]): Pair[] {
  const [old, now] = [before, after].map((list) => new Map(list.map((one) => [one.id, one])));
  const ids = [...new Set([...old!.keys(), ...now!.keys()])].sort();
  return ids.map((id) => [old!.get(id), now!.get(id)]);
}

function toVersion(environment: FileEnvironment | undefined): Parameters<typeof compareEnvironments>[0] {
  if (!environment) return undefined;
  const { id, metadata, snapshot, fault } = environment;
  return snapshot ?? { id, fault: fault!, ...metadata && { metadata } };
}

/** Reads contexts line by line: there may be millions. */
async function* readContexts(path: string, terminal: Terminal): AsyncGenerator<Context> {
  let number = 0;
  try {
    const input = path === "-" ? terminal.input : (await Deno.open(path)).readable;
    const lines = createInterface({ input: Readable.fromWeb(input), crlfDelay: Infinity });
    for await (const line of lines) {
      number++;
      if (line.trim() !== "") yield parseContext(line, path, number);
    }
  } catch (error) {
    throw error instanceof UsageError ? error : new FileError(path, error as Error);
  }
}

function parseContext(line: string, path: string, number: number): Context {
  try {
    return readContext(new TextEncoder().encode(line));
  } catch (error) {
    throw new UsageError(
      `line ${number} of "${path}" is not a context: ${(error as Error).message}`,
      'each line is an object such as {"kind":"user","key":"ann"}',
    );
  }
}

const STREAMS: Record<EnvironmentDifference["streams"], string> = {
  deltas: "streams get the changes one by one",
  put: "streams get everything anew",
  none: "flags and segments stay as they are",
};

function print(terminal: Terminal, compared: readonly ComparedEnvironment[]): void {
  for (const { environment, difference, contexts } of compared) {
    const { id, change, metadata, keys, flags, segments, rollback } = difference;
    terminal.print([
      { text: `environment ${environment}`, style: "bold" },
      { text: id === environment ? "" : ` (${id})` },
      { text: `: ${change}`, style: STYLES[change] },
      { text: `${describeConsequence(difference)}\n` },
    ]);
    if (rollback) terminal.print([{ text: "  rollback: versions do not rise\n", style: "yellow" }]);
    for (const line of metadata) terminal.print(`  ${line}\n`);
    for (const key of keys) terminal.print(`  ${describeKey(key)}\n`);
    if (change === "changed") {
      for (const segment of segments) printItem(terminal, "segment", segment);
      for (const flag of flags) printItem(terminal, "flag", flag);
    }
    if (contexts) printContexts(terminal, contexts);
  }
}

function describeConsequence({ change, flags, segments, streams }: EnvironmentDifference): string {
  switch (change) {
    case "changed":
      return `; ${STREAMS[streams]}`;
    case "faulty":
      return "; flags and segments are not compared";
    case "same":
      return "";
    default:
      return `; ${
        describeCounts([[flags.length, "flag"], [segments.length, "segment"]]) || "no flags and no segments"
      }`;
  }
}

const STYLES: Record<EnvironmentDifference["change"] | ItemDifference["change"], Style | undefined> = {
  added: "green",
  removed: "red",
  changed: "yellow",
  faulty: "red",
  same: undefined,
};

function printItem(
  terminal: Terminal,
  kind: string,
  { key, change, before, after, words }: ItemDifference,
): void {
  terminal.print([
    { text: `  ${kind} ${key}` },
    { text: ` ${change}`, style: STYLES[change] },
    { text: `${describeVersion(change, before, after)}\n` },
  ]);
  printTable(terminal, words.map((line) => [line]), 4);
}

/** A version that changes is one of the lines. */
function describeVersion(change: string, before: number | undefined, after: number | undefined): string {
  if (change !== "changed") return `, version ${before ?? after}`;
  return before === after ? `, still version ${after}` : "";
}

function describeKey({ kind, change, key, expiry }: KeyDifference): string {
  const until = expiry === undefined ? "" : `, until ${new Date(expiry).toISOString()}`;
  return `${kind === "sdk" ? "SDK" : "mobile"} key ${key} ${change}${until}`;
}

function printContexts(terminal: Terminal, { contexts, changed, flags }: ContextComparison): void {
  terminal.print(`  ${describeShare({ changed, of: contexts }, " contexts")} get another value\n`);
  printTable(terminal, flags.map((flag) => [`flag ${flag.flag}`, describeShare(flag)]), 4);
}

function describeShare({ changed, of }: Pick<ContextDifference, "changed" | "of">, what = ""): string {
  const percent = of === 0 ? 0 : Number((100 * changed / of).toFixed(1));
  return `${changed} of ${of}${what} (${percent}%)`;
}
