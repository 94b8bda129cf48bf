import { runScript } from "../cli/_script.ts";

/** First line of a block with commands and what they print. */
const CONSOLE = "```console";

/** First line of a block that is a file, with its path. */
const FILE = /^```\w+ (\S+)$/;

/** A command of one of the hosts, which are folders here. */
const COMMAND = /^(\w+)\$ (.*)$/;

/** A command that a reader does not see: what somebody else does meanwhile. */
const HIDDEN = /^<!-- test\$ (.*) -->$/;

/** Until when the commands wait: until a further line of a file has this text, as a reader looks for it. */
const WAIT = /^<!-- wait for "(.*)" in (\S+) -->$/;

/** How often they look, ten times a second. */
const LOOKS = 300;

/** A text that is another one where the commands run, both in them and in what they print. It stands there as a word. */
export interface Substitute {
  /** What the page says. */
  shown: string;
  /** What it is in truth. */
  real: string;
}

/** Options for {@linkcode runGuide}. */
export interface GuideOptions {
  /** Texts to replace in commands and files, and to put back in what commands print. */
  substitutes: readonly Substitute[];
  /** Environment variables of all commands. */
  env: Record<string, string>;
  /** Reports whether a command can be run here; one that cannot keeps what the page says of it. */
  canRun(command: string): boolean;
}

/** A command of a page. */
interface Step {
  /** The command, ready to run. */
  command: string;
  /** Where what it prints stands in the page: line numbers, from 0. */
  output: [start: number, end: number];
}

/**
 * Runs the commands of a page, each host in a folder of its own, and puts what they print in the place of what the page says.
 *
 * @param page The page.
 * @param options What differs between the page and this machine.
 * @returns The page with what was really printed; the same where all is as it says.
 */
export async function runGuide(page: string, options: GuideOptions): Promise<string> {
  const { substitutes, env, canRun } = options;
  const lines = page.split("\n");
  const steps = parseSteps(lines).filter(({ command }) => canRun(command));
  const hosts = [...new Set(lines.flatMap((line) => COMMAND.exec(line)?.[1] ?? []))];
  const script = [
    `  $ mkdir -p ${hosts.join(" ")}`,
    ...steps.flatMap(({ command }) => ["", `  $ ${replaceAll(command, substitutes)}`]),
    "",
    ...parseFiles(lines).map((line) => replaceAll(line, substitutes)),
  ];
  const outputs = parseOutputs(await runScript(script.join("\n"), { env })).slice(1);
  const inverse = substitutes.map(({ shown, real }) => ({ shown: real, real: shown }));
  // From the end on, so that what stands before keeps its place.
  for (const [i, { output: [start, end] }] of [...steps.entries()].reverse()) {
    const printed = outputs[i]!.map((line) => hideTimes(replaceAll(line, inverse)));
    lines.splice(start, end - start, ...printed);
  }
  return lines.join("\n");
}

function parseSteps(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  const waits = new Map<string, number>();
  let isConsole = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith("```")) isConsole = line === CONSOLE;
    const hidden = HIDDEN.exec(line)?.[1];
    if (hidden !== undefined) steps.push({ command: hidden, output: [i + 1, i + 1] });
    const [wait, text, file] = WAIT.exec(line) ?? [];
    if (wait !== undefined) {
      const count = (waits.get(wait) ?? 0) + 1;
      waits.set(wait, count);
      const command = `i=0; until [ "$(grep -c '${text}' ${file})" -ge ${count} ] || ` +
        `[ $((i += 1)) -gt ${LOOKS} ]; do sleep 0.1; done`;
      steps.push({ command, output: [i + 1, i + 1] });
    }
    const [, host, first = ""] = isConsole ? COMMAND.exec(line) ?? [] : [];
    if (host === undefined) continue;
    let command = first;
    while (command.endsWith("\\")) command = command.slice(0, -1) + lines[++i]!.trim();
    const length = lines.slice(i + 1).findIndex((line) => line === "```" || COMMAND.test(line));
    // A terminal shows both outputs, and no exit code.
    steps.push({ command: `cd ${host} && { ${command}; } 2>&1; :`, output: [i + 1, i + 1 + length] });
  }
  return steps;
}

/** Finds the blocks that are files, as a script has them. */
function parseFiles(lines: readonly string[]): string[] {
  return lines.flatMap((line, i) => {
    const path = FILE.exec(line)?.[1];
    return path === undefined ? [] : [`-- ${path} --`, ...lines.slice(i + 1, lines.indexOf("```", i))];
  });
}

/** Finds what each command of a script has printed. */
function parseOutputs(script: string): string[][] {
  const outputs: string[][] = [];
  const [commands = ""] = script.split(/^-- .+ --$/m);
  for (const line of commands.split("\n")) {
    if (line.startsWith("  $ ")) outputs.push([]);
    else outputs.at(-1)?.push(line.slice(2));
  }
  return outputs.map((lines) => lines.join("\n").trimEnd()).map((text) =>
    text === "" ? [] : text.split("\n")
  );
}

function replaceAll(text: string, substitutes: readonly Substitute[]): string {
  return substitutes.reduce(
    (text, { shown, real }) =>
      text.replace(new RegExp(`(?<!\\w)${RegExp.escape(shown)}(?!\\w)`, "g"), () => real),
    text,
  );
}

/** Writes the same time, duration and age for all lines of a log. */
function hideTimes(line: string): string {
  return line
    .replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{6}/, "2026/11/26 09:00:00.000000")
    .replace(/ durationMs=\d+ ageMs=\d+ /, " durationMs=12 ageMs=90000 ");
}
