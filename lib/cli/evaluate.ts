import {
  createSession,
  type Evaluation,
  finishAtOnce,
  type Reason,
  type Verdict,
} from "../evaluation/mod.ts";
import {
  describeTrace,
  describeWant,
  evaluateFlagInSlices,
  type FlagResult,
  flagResultToJson,
  formatValue,
} from "../inspection/mod.ts";
import { nearest } from "../config/mod.ts";
import type { Flag, JsonValue } from "../model/mod.ts";
import { Snapshot } from "../snapshot/mod.ts";
import { buildOverlay, MAX_OVERRIDES_BYTES, parseOverrides } from "../load/mod.ts";
import { findEnvironment, readArchiveFile, readFile, requireSnapshot } from "./archive_file.ts";
import type { Command } from "./command.ts";
import { CONTEXT_FLAGS, parseValue, readContextArgs } from "./context.ts";
import { jsonFlag, printJson } from "./json.ts";
import { UsageError } from "./parse_args.ts";
import { type Cell, printTable } from "./table.ts";
import type { Style, Terminal } from "./terminal.ts";

/** The command `evaluate`. */
export const EVALUATE: Command = {
  name: "evaluate",
  summary: "evaluates flags for a context, and says why",
  usage: "FILE ENV [FLAG…]",
  arity: [2, Infinity],
  details:
    `ENV is a client-side ID, projKey/envKey, or envKey where only one environment has it. Without FLAG, all
flags are evaluated. The exit code is 1 when an evaluation is an error, or is not what --want says.`,
  example: "evaluate flags.tar.gz production checkout --user ann --set plan=pro --why",
  flags: {
    ...CONTEXT_FLAGS,
    why: { help: "Print what was asked on the way to the value, what the context has, and what it came to." },
    want: {
      value: "VALUE",
      help: "Print the smallest change of the context that gives the flag this value: JSON, or text.",
    },
    overrides: {
      value: "FILE",
      help: "File of overrides, which win over the archive until their time is over.",
    },
    ...jsonFlag("evaluate"),
  },
  async run(args, terminal) {
    const [path, name, ...words] = args.positional as [string, string, ...string[]];
    const archived = requireSnapshot(findEnvironment(await readArchiveFile(path), name));
    const overrides = args.values.get("overrides");
    const snapshot = overrides === undefined ? archived : await override(archived, overrides, terminal);
    // LaunchDarkly's keys have no "=": such a word is one more attribute behind --set.
    const sets = words.filter((word) => word.includes("=") && !snapshot.find("flags", word));
    const named = words.filter((word) => !sets.includes(word));
    const want = args.values.get("want");
    if (want !== undefined && named.length === 0) {
      throw new UsageError("--want needs a flag", `write evaluate ${path} ${name} FLAG … --want ${want}`);
    }
    const context = await readContextArgs(args, sets, terminal);
    const keys = named.length > 0 ? named : listKeys(snapshot);
    for (const key of named) requireFlag(snapshot, key);
    const asked = {
      snapshot,
      session: createSession(await snapshot.compile(() => undefined), context),
      context,
      withTrace: args.switches.has("why"),
      want: want === undefined ? undefined : (flag: Flag) => readWant(flag, want),
    };
    const results = keys.map((key) => finishAtOnce(evaluateFlagInSlices(asked, key))!);
    if (args.switches.has("json")) printJson(terminal, { flags: results.map(flagResultToJson) });
    else print(terminal, results, named.length > 0 ? Infinity : undefined);
    return results.every(isAsWanted) ? 0 : 1;
  },
};

/** Puts overrides over an environment, if the file has any for it that hold. */
async function override(snapshot: Snapshot, path: string, terminal: Terminal): Promise<Snapshot> {
  const { id } = snapshot.metadata;
  const file = readFile(path, MAX_OVERRIDES_BYTES);
  const overrides = (await parseOverrides(file, path, () => undefined)).get(id);
  if (!overrides) {
    terminal.printError(`warning: "${path}" has nothing for environment "${id}"\n`);
    return snapshot;
  }
  const { until = Infinity } = overrides;
  if (Date.now() >= until) {
    const end = new Date(until).toISOString();
    terminal.printError(`warning: the overrides of environment "${id}" ended at ${end}: they are left out\n`);
    return snapshot;
  }
  return Snapshot.from(await buildOverlay(snapshot, overrides, () => undefined));
}

function listKeys({ items }: Snapshot): string[] {
  const [start, end] = items.range("flags");
  const positions = Array.from({ length: end - start }, (_, i) => start + i);
  return positions.filter((position) => !items.isDeleted(position)).map((position) => items.getKey(position));
}

function requireFlag(snapshot: Snapshot, key: string): void {
  if (snapshot.find("flags", key)?.document) return;
  const meant = nearest(key, listKeys(snapshot));
  throw new UsageError(
    `there is no flag ${JSON.stringify(key)}`,
    meant ? `did you mean ${meant}?` : "inspect lists all flags",
  );
}

/** Text that is JSON too, such as true, means the text only where a variation is that text. */
function readWant({ variations }: Flag, text: string): JsonValue {
  return variations?.includes(text) ? text : parseValue(text);
}

function isAsWanted({ evaluation, want }: FlagResult): boolean {
  return evaluation.reason.kind !== "ERROR" && (want === undefined || want.changes?.length === 0);
}

const VERDICTS: Record<Verdict, Cell> = {
  yes: { text: "✓", style: "green" },
  no: { text: "✗", style: "red" },
  "not reached": { text: "not reached", style: "dim" },
  error: { text: "error", style: "red" },
};

function print(terminal: Terminal, results: readonly FlagResult[], maxLength: number | undefined): void {
  if (results.every(({ trace, want }) => !trace && !want)) {
    printTable(terminal, results.map(({ evaluation }) => describeResult(evaluation, maxLength)));
    return;
  }
  for (const { evaluation, trace, want } of results) {
    printTable(terminal, [describeResult(evaluation, maxLength)]);
    const lines = trace ? describeTrace(trace) : [];
    printTable(
      terminal,
      lines.map(({ depth, step, question, answer, verdict }): Cell[] => {
        const style = verdict === "not reached" ? "dim" : undefined;
        const dimmed = (text: string): Cell => ({ text, style });
        return [dimmed("  ".repeat(depth) + step), dimmed(question), dimmed(answer), VERDICTS[verdict]];
      }),
      2,
    );
    if (want) terminal.print(`to get ${formatValue(want.value)}: ${describeWant(want)}\n`);
  }
}

/** Describes an evaluation; values longer than `maxLength` are cut. */
function describeResult(
  { flag, value, variation, reason }: Evaluation,
  maxLength: number | undefined,
): Cell[] {
  const style: Style = reason.kind === "ERROR" ? "red" : "bold";
  const served = variation === null ? "no variation" : `variation ${variation}`;
  return [
    { text: `${flag.key} = ${formatValue(value, maxLength)}`, style },
    served,
    formatReason(reason),
    `version ${flag.version}`,
  ];
}

function formatReason(reason: Reason): string {
  const { kind, ruleIndex, ruleId, prerequisiteKey, errorKind } = reason;
  const { inExperiment, bigSegmentsStatus, overrideAffected } = reason;
  return [
    kind,
    ruleIndex === undefined ? "" : `rule ${ruleIndex + 1}`,
    ruleId === undefined ? "" : JSON.stringify(ruleId),
    prerequisiteKey ?? "",
    errorKind ?? "",
    inExperiment ? "in experiment" : "",
    bigSegmentsStatus ? "big segment unknown offline" : "",
    overrideAffected ? "affected by overrides" : "",
  ].filter(Boolean).join(" ");
}
