import { assertEquals, assertThrows } from "@std/assert";
import { type CommandLine, parseCommandLine, SettingsError } from "../../lib/config/mod.ts";

const NOTHING: CommandLine = {
  allowMissingFile: false,
  fromEnv: false,
  version: false,
  help: false,
  positional: [],
};
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
  [["--version", "--from-env"], { version: true, fromEnv: true }],
  [["-h", "--from-env"], { help: true, fromEnv: true }],
  [["--help", "--from-env"], { help: true, fromEnv: true }],
  [["serve", "--from-env", "-"], { fromEnv: true, positional: ["serve", "-"] }],
  [["--from-env", "--", "--config", "a"], { fromEnv: true, positional: ["--config", "a"] }],
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
  [["--version="], 'invalid boolean value "" for -version', "--help lists the flags"],
];

Deno.test("parseCommandLine() refuses what Go refuses, with a hint", () => {
  for (const [args, message, hint] of BAD) {
    const error = assertThrows(() => parseCommandLine(args), SettingsError);
    assertEquals([error.stage, error.message, error.hint], ["options", message, hint]);
  }
});
