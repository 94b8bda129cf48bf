import { computeChecksum } from "../../lib/archive/_checksum.ts";
import { gzipSync } from "node:zlib";
import { entry, tar } from "../archive/_tar.ts";

const ROOT = new URL("../../", import.meta.url);

/** Header of a file behind the commands. */
const FILE = /^-- (.+) --$/;

/** Beginning of a command, and of each line of what it printed. */
const INDENT = "  ";

/** Options for {@linkcode runScript}. */
export interface ScriptOptions {
  /** Environment variables of all commands. @default {none} */
  env?: Record<string, string>;
}

/**
 * Runs a script that a person can read: prose, and, indented by two spaces, commands with what they print.
 *
 * ```
 * What this shows.
 *
 *   $ halyard check flags.tar.gz
 *   flags.tar.gz: 0 errors, 0 warnings, 0 info
 *
 *   $ halyard chek
 *   2> Error: there is no command "chek"
 *   2> hint: did you mean check?
 *   [2]
 *
 * -- relay.conf --
 * [Main]
 * ```
 *
 * Lines of standard error begin with `2> `, and an exit code that is not 0 stands at the end. Behind the commands are the files that
 * they find; `-- flags.tar.gz/e1.json --` is an entry of an archive, whose checksum is computed unless it is there.
 *
 * @param script The script.
 * @param options Environment of the commands.
 * @returns The script with what was really printed; the same where all is as it says.
 */
export async function runScript(script: string, options: ScriptOptions = {}): Promise<string> {
  const lines = script.split("\n");
  const filesStart = lines.findIndex((line) => FILE.test(line));
  const files = filesStart < 0 ? [] : lines.splice(filesStart);
  const shell = await Shell.open(options.env ?? {});
  try {
    await shell.writeFiles(parseFiles(files));
    const actual: string[] = [];
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      actual.push(line);
      if (!line.startsWith(`${INDENT}$ `)) continue;
      actual.push(...await shell.run(line.slice(INDENT.length + 2)));
      while (isOutput(lines[i + 1]) && !isOver(lines, i + 1)) i++;
    }
    return [...actual, ...files].join("\n");
  } finally {
    await shell.close();
  }
}

/** Whether a line can be output: indented, or blank among what is. */
function isOutput(line: string | undefined): boolean {
  return line !== undefined && (line === "" || line.startsWith(INDENT) && !line.startsWith(`${INDENT}$ `));
}

/** Whether from a line on there is no more output of this command. */
function isOver(lines: readonly string[], at: number): boolean {
  const next = lines.slice(at).find((line) => line !== "");
  return next === undefined || !isOutput(next);
}

function parseFiles(lines: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  let name = "";
  for (const line of lines) {
    const header = FILE.exec(line);
    if (header) files.set(name = header[1]!, "");
    else files.set(name, `${files.get(name)}${line}\n`);
  }
  return files;
}

/** A directory in which commands run, with the programs on the path. */
class Shell {
  readonly #folder: string;
  readonly #env: Record<string, string>;

  private constructor(folder: string, env: Record<string, string>) {
    this.#folder = folder;
    this.#env = env;
  }

  static async open(env: Record<string, string>): Promise<Shell> {
    const folder = await Deno.makeTempDir({ prefix: "halyard-script-" });
    await Deno.mkdir(`${folder}/bin`);
    await Deno.mkdir(`${folder}/work`);
    for (const [name, entrypoint] of [["halyard", "main.ts"], ["halyard-courier", "courier.ts"]] as const) {
      const script = `#!/bin/sh\nexec ${commandOf(entrypoint)} "$@"\n`;
      await Deno.writeTextFile(`${folder}/bin/${name}`, script, { mode: 0o755 });
    }
    return new Shell(folder, env);
  }

  async writeFiles(files: ReadonlyMap<string, string>): Promise<void> {
    const archives = new Map<string, Map<string, Uint8Array>>();
    for (const [path, text] of files) {
      const [, archive, name] = /^(.+\.tar\.gz)\/(.+)$/.exec(path) ?? [];
      if (archive === undefined) {
        const folder = path.replace(/[^/]+$/, "");
        await Deno.mkdir(`${this.#folder}/work/${folder}`, { recursive: true });
        await Deno.writeTextFile(`${this.#folder}/work/${path}`, text);
      } else {
        if (!archives.has(archive)) archives.set(archive, new Map());
        archives.get(archive)!.set(name!, new TextEncoder().encode(text));
      }
    }
    for (const [path, entries] of archives) {
      if (!entries.has("checksum.md5")) entries.set("checksum.md5", computeChecksum(entries));
      const bytes = tar(...[...entries].map(([name, content]) => entry({ name, content })));
      await Deno.writeFile(`${this.#folder}/work/${path}`, new Uint8Array(gzipSync(bytes)));
    }
  }

  /** Runs a command, and gives the lines that a script has of it. */
  async run(command: string): Promise<string[]> {
    const { PATH = "" } = Deno.env.toObject();
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", command],
      cwd: `${this.#folder}/work`,
      clearEnv: true,
      env: { HOME: this.#folder, ...this.#env, PATH: `${this.#folder}/bin:${PATH}` },
      stdin: "null",
    }).output();
    const lines = [
      ...linesOf(stdout),
      ...linesOf(stderr).map((line) => `2> ${line}`),
      ...code === 0 ? [] : [`[${code}]`],
    ];
    return lines.map((line) => line === "" ? "" : INDENT + line);
  }

  async close(): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Blank lines at the end cannot be told from those of the script, so they do not count. */
function linesOf(output: Uint8Array): string[] {
  const text = new TextDecoder().decode(output).trimEnd();
  return text === "" ? [] : text.split("\n");
}

/** Command that runs a program: the executable that is tested, where there is one. */
function commandOf(entrypoint: string): string {
  const binary = entrypoint === "main.ts" ? Deno.env.get("HALYARD_BINARY") : undefined;
  if (binary !== undefined) return quote(binary);
  const standIns = import.meta.resolve("@std/assert").startsWith("file:");
  const flags = ["--quiet", "--no-prompt", "--no-lock", "--allow-all", "--unstable-net"];
  if (standIns) flags.push(`--import-map=${new URL("tools/std/import_map.json", ROOT).pathname}`);
  const deno = [Deno.execPath(), "run", ...flags, new URL(entrypoint, ROOT).pathname];
  const cache = Deno.env.get("DENO_DIR") ??
    (Deno.env.has("HOME") ? `${Deno.env.get("HOME")}/.cache/deno` : "");
  return `env DENO_NO_UPDATE_CHECK=1 ${cache && `DENO_DIR=${quote(cache)} `}${deno.map(quote).join(" ")}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
