import { assertEquals, assertThrows } from "@std/assert";
import {
  type CommandLine,
  type FlagTable,
  parseArgs,
  parseCommandLine,
  SettingsError,
} from "../../lib/config/mod.ts";

const NOTHING: CommandLine = { allowMissingFile: false, fromEnv: false };
const DEFAULT_FILE = { configFile: "/etc/ld-relay.conf", allowMissingFile: true, fromEnv: true };

const GOOD: [args: string[], says: Partial<CommandLine>][] = [
  [[], DEFAULT_FILE],
  [["--allow-missing-file"], DEFAULT_FILE],
  [["--config="], DEFAULT_FILE],
  [["--from-env=false"], DEFAULT_FILE],
  [["--config", "a"], { configFile: "a" }],
  [["-config", "a"], { configFile: "a" }],
  [["--config=a=b"], { configFile: "a=b" }],
  [["-config=a"], { configFile: "a" }],
  [["--config", "--from-env"], { configFile: "--from-env" }],
  [["--config", "a", "--config", "b"], { configFile: "b" }],
  [["--from-env"], { fromEnv: true }],
  [["-from-env=T"], { fromEnv: true }],
  [["--from-env", "--from-env=0"], DEFAULT_FILE],
  [["--config", "a", "--allow-missing-file", "--from-env"], {
    configFile: "a",
    allowMissingFile: true,
    fromEnv: true,
  }],
  [["serve", "--from-env", "-"], { fromEnv: true }],
  [["--from-env", "--", "--config", "a"], { fromEnv: true }],
];

Deno.test("parseCommandLine() reads flags as Go does and applies the rule for the default file", () => {
  for (const [args, says] of GOOD) {
    assertEquals(parseCommandLine(args), { ...NOTHING, ...says }, args.join(" "));
  }
});

const BAD: [args: string[], message: string, hint: string][] = [
  [["--config"], "flag needs an argument: -config", "--help lists the flags"],
  [["--form-env"], "flag provided but not defined: -form-env", "did you mean --from-env?"],
  [["--fileDataSource=a"], "flag provided but not defined: -fileDataSource", "--help lists the flags"],
  [["--constructor"], "flag provided but not defined: -constructor", "--help lists the flags"],
  [["---config", "a"], "bad flag syntax: ---config", "--help lists the flags"],
  [["--=a"], "bad flag syntax: --=a", "--help lists the flags"],
  [["--from-env=yes"], 'invalid boolean value "yes" for -from-env', "--help lists the flags"],
  [["--from-env="], 'invalid boolean value "" for -from-env', "--help lists the flags"],
  [["--url", "a"], "flag provided but not defined: -url", "--help lists the flags"],
];

Deno.test("parseCommandLine() refuses what Go refuses, with a hint", () => {
  for (const [args, message, hint] of BAD) {
    const error = assertThrows(() => parseCommandLine(args), SettingsError);
    assertEquals([error.stage, error.message, error.hint], ["options", message, hint]);
  }
});

const FLAGS: FlagTable = {
  file: { value: "PATH", help: "A file." },
  quiet: { help: "Say nothing." },
  help: { help: "Print help." },
};

const PARSED: [args: string[], values: [string, string][], switches: string[], positional: string[]][] = [
  [[], [], [], []],
  [["a", "--file", "b", "c", "-"], [["file", "b"]], [], ["a", "c", "-"]],
  [["--file=a", "-file", "b"], [["file", "b"]], [], []],
  [["--file="], [["file", ""]], [], []],
  [["--quiet", "-h"], [], ["quiet", "help"], []],
  [["--quiet", "--quiet=false"], [], [], []],
  [["a", "--", "--quiet", "--"], [], [], ["a", "--quiet", "--"]],
];

Deno.test("parseArgs() takes the flags of its table, before and after words", () => {
  for (const [args, values, switches, positional] of PARSED) {
    const parsed = parseArgs(args, FLAGS);
    assertEquals([[...parsed.values], [...parsed.switches], parsed.positional], [
      values,
      switches,
      positional,
    ]);
  }
});
