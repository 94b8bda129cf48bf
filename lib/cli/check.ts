import { checkArchive, type Finding, type Severity } from "../inspection/mod.ts";
import { readCommandLine, SETTINGS_FLAGS, SettingsError } from "../config/mod.ts";
import { readArchiveBytes } from "./archive_file.ts";
import type { Args, Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { readSettings } from "./settings.ts";
import type { Span, Style, Terminal } from "./terminal.ts";

/** The command `check`. */
export const CHECK: Command = {
  name: "check",
  summary: "finds all that serve would refuse or warn about, and what is hardly as meant",
  usage: "[FILE]",
  arity: [0, 1],
  details:
    `Without FILE, checks the archive of the settings, and the settings. The exit code is 1 for errors, and with
--strict for warnings too. docs/check.md explains each finding.`,
  example: "check flags.tar.gz",
  flags: {
    ...SETTINGS_FLAGS,
    strict: { help: "Exit with 1 for warnings too." },
    ...jsonFlag("check"),
  },
  async run(args, terminal) {
    const { path, findings } = await check(args);
    if (args.switches.has("json")) printJson(terminal, { findings });
    else print(terminal, path, findings);
    const refused: readonly Severity[] = args.switches.has("strict") ? ["error", "warning"] : ["error"];
    return findings.some(({ severity }) => refused.includes(severity)) ? 1 : 0;
  },
};

/** Checks the archive that is named, or the settings and the archive that they name. */
async function check(args: Args): Promise<{ path: string; findings: Finding[] }> {
  const [named] = args.positional;
  const hasSettings = named === undefined || args.values.has("config") || args.switches.has("from-env");
  let findings: Finding[] = [];
  let path = named;
  if (hasSettings) {
    const commandLine = readCommandLine(args);
    try {
      const { settings, warnings } = readSettings(commandLine, named === undefined);
      path ??= settings.fileDataSource;
      findings = warnings.map((message) => ofSettings("warning", { message }));
    } catch (error) {
      if (!(error instanceof SettingsError) || error.stage === "options") throw error;
      findings = error.problems.map((problem) => ofSettings("error", problem));
      if (path === undefined) return { path: "settings", findings };
    }
  }
  const { bytes, maxBytes } = readArchiveBytes(path!);
  findings.push(...await checkArchive(bytes, { path: path!, maxCompressedBytes: maxBytes, now: Date.now() }));
  return { path: path!, findings };
}

function ofSettings(severity: Severity, { message, hint }: { message: string; hint?: string }): Finding {
  return {
    severity,
    environment: null,
    key: null,
    path: null,
    message: message.charAt(0).toUpperCase() + message.slice(1),
    ...hint !== undefined && { hint },
  };
}

const STYLES: Record<Severity, Style> = { error: "red", warning: "yellow", info: "dim" };

function print(terminal: Terminal, path: string, findings: readonly Finding[]): void {
  for (const finding of findings) {
    const { severity, environment, environmentName = environment, kind, key, path } = finding;
    const { message, hint, entry, excerpt } = finding;
    terminal.print([{ text: severity, style: STYLES[severity] }, { text: `: ${message}\n` }]);
    const place = [
      environmentName === null ? "" : `environment ${environmentName}`,
      key === null ? "" : `${kind ?? "item"} ${key}`,
      path ?? "",
      entry === undefined ? "" : excerpt ? `${entry}:${excerpt.line}:${excerpt.column}` : entry,
    ].filter(Boolean).join(", ");
    if (place) terminal.print(`  at ${place}\n`);
    if (excerpt) {
      const caret: Span = { text: "^".repeat(Math.max(excerpt.length, 1)), style: STYLES[severity] };
      terminal.print(`    ${excerpt.text}\n`);
      terminal.print([{ text: `    ${" ".repeat(excerpt.caret)}` }, caret, { text: "\n" }]);
    }
    if (hint !== undefined) terminal.print(`  hint: ${hint}\n`);
    terminal.print("\n");
  }
  const counts = (["error", "warning", "info"] as const).map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return `${count} ${NOUNS[severity]}${count === 1 || severity === "info" ? "" : "s"}`;
  });
  terminal.print(`${path}: ${counts.join(", ")}\n`);
}

const NOUNS: Record<Severity, string> = { error: "error", warning: "warning", info: "info" };
