import type { Effect, Section, Setting } from "./_section.ts";
import type { FlagTable } from "./flags.ts";
import { SECTIONS } from "./table.ts";

const EFFECTS: Record<Effect, string> = {
  used: "",
  none: "No effect.",
  "none yet": "No effect yet.",
  refused: "Refused.",
};

const INTRODUCTION = `# Settings

This page is generated from \`lib/config/table.ts\` by \`tools/settings_docs.ts\`.

Halyard reads what LaunchDarkly's Relay Proxy reads, from the same file and the same environment variables, so
that what configures the one in offline mode configures the other. The configuration file comes first and must
be valid on its own; then the environment replaces single values and adds to lists. Names in the file, and
words as values, may be in any case. Unknown names in the file are refused, unknown environment variables
ignored; an empty one unsets the value of the file, unless it is a boolean.

What has no effect is accepted so that a configuration can be taken over as it is. What has no effect yet is
accepted with a warning. What only makes sense with a connection to LaunchDarkly is refused, where the Relay
Proxy would use it.

On SIGHUP the configuration file is read again. Settings that are \`live\` are applied; a change of another one
is logged, with its name, and needs a restart. If the file cannot be used, nothing changes.
`;

/**
 * Describes flags and the settings that are used, for a terminal.
 *
 * @param flags All flags.
 * @returns The text, with its last newline.
 */
export function settingsHelp(flags: FlagTable): string {
  const lines = ["Flags:"];
  for (const [flag, { value, help }] of Object.entries(flags)) {
    lines.push(`  --${flag}${value ? ` ${value}` : ""}`, `      ${help}`);
  }
  lines.push("", "Settings, each as an environment variable or under a section of the configuration file:");
  const allUsed: Setting[] = [];
  for (const [title, { effect: sectionEffect, settings }] of sections()) {
    const used = Object.entries(settings).filter(([, { effect = sectionEffect }]) => effect === "used");
    if (used.length > 0) lines.push("", `[${title}]`);
    for (const [name, setting] of used) {
      const { env, type, default: text, isLive, help } = setting;
      lines.push(
        `  ${env}, ${name}${text === undefined ? "" : ` = ${text}`}`,
        `      ${help} (${type.name}${isLive ? ", live" : ""})`,
      );
      allUsed.push(setting);
    }
  }
  lines.push("", "SIGHUP applies those that are live; the others need a restart.");
  lines.push("", "How values are written:");
  for (const { name, syntax } of valueTypes(allUsed)) lines.push(`  ${name}: ${syntax}`);
  lines.push(
    "",
    "Other settings of the Relay Proxy have no effect or are refused: see docs/settings.md.",
    "",
  );
  return lines.join("\n").replaceAll("`", "");
}

/**
 * Writes the reference of all settings.
 *
 * @param flags All flags.
 * @returns The page, in Markdown as `deno fmt` leaves it.
 */
export function renderSettings(flags: FlagTable): string {
  const parts = [INTRODUCTION, "## Command line\n"];
  parts.push(markdownTable(
    ["Flag", "Description"],
    Object.entries(flags).map((
      [flag, { value, help }],
    ) => [`\`--${flag}${value ? ` ${value}` : ""}\``, help]),
  ));
  for (const [title, { effect, subsection, help, settings }] of sections()) {
    parts.push(`## \`[${title}${subsection ? ` "${subsection}"` : ""}]\`\n`);
    parts.push(`${EFFECTS[effect]} ${help}\n`.trimStart());
    parts.push(markdownTable(
      ["In the file", "In the environment", "Type", "Default", "SIGHUP", "Description"],
      Object.entries(settings).map(([name, setting]) => [
        setting.environmentOnly ? "" : code(name),
        code(setting.env),
        setting.type.name,
        code(setting.default),
        setting.isLive ? "live" : "",
        `${EFFECTS[setting.effect ?? "used"]} ${setting.help ?? ""}`.trim(),
      ]),
    ));
  }
  const all = sections().flatMap(([, { settings }]) => Object.values(settings));
  parts.push("## How values are written\n");
  parts.push(markdownTable(["Type", "Syntax"], valueTypes(all).map(({ name, syntax }) => [name, syntax])));
  return parts.join("\n");
}

function sections(): [string, Section][] {
  return Object.entries(SECTIONS);
}

function valueTypes(settings: Setting[]): Setting["type"][] {
  return [...new Set(settings.map(({ type }) => type))];
}

function code(text: string | undefined): string {
  return text === undefined ? "" : `\`${text}\``;
}

/**
 * Aligns a table, leaving out the columns that would be empty.
 *
 * @param head Titles of the columns.
 * @param rows Cells.
 * @returns The table, in Markdown as `deno fmt` leaves it.
 */
export function markdownTable(head: string[], rows: string[][]): string {
  const columns = head.map((title, i) => [title, ...rows.map((row) => row[i] ?? "")])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ""))
    .map((cells) => {
      const width = Math.max(...cells.map((cell) => cell.length));
      const [title = "", ...rest] = cells.map((cell) => cell.padEnd(width));
      return [title, "-".repeat(width), ...rest];
    });
  const lines = columns[0]!.map((_, i) => `| ${columns.map((cells) => cells[i]).join(" | ")} |\n`);
  return lines.join("");
}
