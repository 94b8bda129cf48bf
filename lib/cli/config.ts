import { readCommandLine, SETTINGS_FLAGS } from "../config/mod.ts";
import type { Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { readSettings } from "./settings.ts";
import { printTable } from "./table.ts";

/** The command `config`. */
export const CONFIG: Command = {
  name: "config",
  summary: "prints the settings in effect, and where each comes from",
  usage: "",
  arity: [0, 0],
  details: "Reads the configuration file and the environment as serve does. Secrets are obscured.",
  example: "config --config /etc/ld-relay.conf",
  flags: { ...SETTINGS_FLAGS, ...jsonFlag("config") },
  run(args, terminal) {
    const { effective, warnings, origin } = readSettings(readCommandLine(args), false);
    if (args.switches.has("json")) {
      printJson(terminal, { origin, settings: effective, warnings });
      return Promise.resolve(0);
    }
    terminal.print(`${origin}\n\n`);
    printTable(
      terminal,
      effective.map(({ section, name, variable, value, source, reload }) => [
        `[${section}] ${name}`,
        variable,
        value ?? "–",
        { text: source, style: source === "default" ? "dim" : "bold" },
        { text: reload, style: "dim" },
      ]),
    );
    for (const warning of warnings) terminal.printError(`warning: ${warning}\n`);
    return Promise.resolve(0);
  },
};
