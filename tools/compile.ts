/**
 * The task `compile`: builds one executable of the program, or with `--courier` of the courier, with its permissions baked in. See
 * `docs/compile.md`.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { TERMINAL } from "../lib/cli/terminal.ts";
import { bundle } from "./bundle.ts";
import { inject } from "./elf/inject.ts";
import {
  allowedVariables,
  COURIER,
  HALYARD,
  parsePath,
  permissionFlags,
  type Product,
  SIGNER_PATH,
  socketFor,
} from "./permissions.ts";

/** Target that Deno's own executable can be turned into; all others need `deno compile` and its runtime base. */
export const INJECTABLE = "x86_64-unknown-linux-gnu";

/** Timeout of `deno compile`, in ms: some 45 MB may have to be downloaded, or a firewall may swallow requests. */
const COMPILE_TIMEOUT = 120_000;

/**
 * Environment in which Deno can neither write its caches (no directory can be there) nor check for a newer Deno. Its home directory
 * is one that cannot hold an `.npmrc`; without `HOME`, Deno would look up the user's and read that one's. Names of locales that ICU
 * cannot parse, in `LC_ALL`, `LC_MESSAGES` or `LANG`, end Deno: the first `LC_ALL` decides, so it is this. On a terminal, Deno
 * would say each time that it cannot open its caches.
 */
const ENVIRONMENT = [
  ...["DENO_DIR=/proc/self/exe", "DENO_LOG=error,deno::cache=off", "DENO_NO_UPDATE_CHECK=1"],
  ...["HOME=/proc", "LC_ALL=C"],
];

/** Lists the variables that an executable starts with. */
function environmentOf({ isCourier }: Product): string[] {
  return isCourier ? [...ENVIRONMENT, `PATH=${SIGNER_PATH}`] : ENVIRONMENT;
}

/** The one unstable feature: threads that serve share a port. */
const FEATURE_FLAGS = ["--unstable-net"];

/** Flags by which code comes from the script alone, whatever files surround the working directory. */
const CODE_FLAGS = ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-code-cache"];

/**
 * Flags for memory. A small space for new objects (4 MB, three times) instead of one of up to 16 MB: requests leave little behind.
 * Old objects are collected when they are a quarter more than at the last time: streams that come and go would double them.
 */
const V8_FLAGS = ["--v8-flags=--max-semi-space-size=4,--heap-growing-percent=25"];

/** Options for {@linkcode compile}. */
export interface CompileOptions {
  /** What is built. @default {HALYARD} */
  product?: Product;
  /** Path of the script: one file. */
  script: string;
  /** Path of the file to write. */
  output: string;
  /** Target machine, as `deno compile --target` names it. @default {this machine} */
  target?: string | undefined;
  /** Further addresses that it may listen on and connect to. @default {[]} */
  allowNet?: readonly string[];
  /** Path of the one Unix socket that it may listen on. @default {{@linkcode UNIX_SOCKET}} */
  unixSocket?: string | undefined;
  /** Path of the one state directory that it may write to. @default {none} */
  stateDirectory?: string | undefined;
  /** Base: Deno's runtime base for executables, or Deno itself where that is not available. @default {either} */
  base?: Base | undefined;
}

/** Base of an executable: see {@linkcode CompileOptions}. */
export type Base = "official" | "deno";

const BASES: Record<Base, string> = {
  official: "Deno's runtime base",
  deno: "Deno's own executable, with the script inside",
};

/** A built executable. */
export interface Compiled {
  /** Its base. */
  base: Base;
  /** Reason why it does not run on the runtime base, if that was tried. */
  failure?: string;
  /** Reason why no machine code keeps environment variables away from Deno, if none does. */
  unguarded?: string;
}

/**
 * Builds an executable.
 *
 * @param options Its script, path and target.
 * @returns The base it runs on, and what failed before.
 * @throws {Error} When no base can be had for the target.
 */
export async function compile(options: CompileOptions): Promise<Compiled> {
  const { product = HALYARD, script, output, target = Deno.build.target, allowNet = [], base } = options;
  const permissions = permissionFlags({
    allowNet,
    product,
    unixSocket: socketFor(target, options.unixSocket),
    stateDirectory: options.stateDirectory,
  });
  const variables = allowedVariables(product);
  const compiled = base === "deno"
    ? { base, failure: "--base=deno was asked for" }
    : await compileOfficially({ product, script, output, target, permissions, variables });
  if (compiled.base === "official") return compiled;
  const { failure } = compiled;
  if (base === "official" || target !== INJECTABLE || Deno.build.target !== INJECTABLE) {
    throw new Error(
      `Cannot compile for ${target} without Deno's runtime base: ${failure}\n` +
        `hint: docs/compile.md says how to provide it; ${INJECTABLE}, built on such a machine, can do without`,
    );
  }
  const executable = await inject(await Deno.readFile(Deno.execPath()), {
    args: [
      product.name,
      "run",
      "--quiet",
      "--ext=js",
      ...CODE_FLAGS,
      ...FEATURE_FLAGS,
      ...V8_FLAGS,
      ...permissions,
    ],
    env: environmentOf(product),
    allowedVariables: variables,
    script: await Deno.readFile(script),
  });
  // A running file cannot be written to; its name can be reused for a new one.
  await Deno.remove(output).catch(ignoreNotFound);
  await Deno.writeFile(output, executable, { mode: 0o755 });
  return compiled;
}

/** What `deno compile` needs to know. */
interface Build {
  product: Product;
  script: string;
  output: string;
  target: string;
  permissions: string[];
  /** Variables that are passed on. */
  variables: string[];
}

async function compileOfficially(build: Build): Promise<Compiled> {
  const { script, output, target, permissions } = build;
  const folder = await Deno.makeTempDir({ prefix: "halyard-compile-" });
  try {
    const env = buildEnvironment();
    const guarded = `${folder}/denort`;
    const unguarded = await guardRuntimeBase(env.DENORT_BIN, build, guarded);
    if (unguarded === undefined) env.DENORT_BIN = guarded;
    const { success, signal, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["compile", "--quiet", "--no-check", ...CODE_FLAGS, ...FEATURE_FLAGS, ...V8_FLAGS, ...permissions],
        ...["--target", target, "--output", output, script],
      ],
      clearEnv: true,
      env,
      stdin: "null",
      signal: AbortSignal.timeout(COMPILE_TIMEOUT),
    }).output();
    if (success) return { base: "official", ...unguarded !== undefined && { unguarded } };
    const failure = signal
      ? `nothing came within ${COMPILE_TIMEOUT} ms`
      : new TextDecoder().decode(stderr).trim().replaceAll(/\s+/g, " ");
    return { base: "deno", failure };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Writes a runtime base with the machine code in it. `deno compile` appends to the base, so the code must be there before. Returns
 * the reason why it cannot be, or `undefined`.
 */
async function guardRuntimeBase(
  base: string | undefined,
  { product, target, variables }: Build,
  output: string,
): Promise<string | undefined> {
  if (target !== INJECTABLE) return `there is machine code for ${INJECTABLE} only`;
  if (!base) return "it can only be put into a runtime base that DENORT_BIN names";
  try {
    const start = { env: environmentOf(product), allowedVariables: variables };
    await Deno.writeFile(output, await inject(await Deno.readFile(base), start), { mode: 0o755 });
  } catch (error) {
    return (error as Error).message;
  }
}

/** Returns this process's environment without what `deno compile` would bake in; failures are reported in plain text. */
function buildEnvironment(): Record<string, string> {
  const all = Object.entries(Deno.env.toObject());
  const kept = all.filter(([name]) => !name.startsWith("OTEL_") && name !== "DENO_V8_FLAGS");
  return { ...Object.fromEntries(kept), NO_COLOR: "1", RUST_BACKTRACE: "0" };
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      "import-map": { type: "string" },
      "allow-net": { type: "string", multiple: true },
      base: { type: "string" },
      courier: { type: "boolean", default: false },
      output: { type: "string" },
      state: { type: "string" },
      target: { type: "string", default: Deno.build.target },
      "unix-socket": { type: "string" },
    },
  });
  const { base, target } = values;
  const product = values.courier ? COURIER : HALYARD;
  const output = values.output ?? `dist/${product.name}`;
  if (base !== undefined && base !== "official" && base !== "deno") {
    throw new Error(`There is no base "${base}"\nhint: it is "official" or "deno"`);
  }
  if (values.courier && values["unix-socket"] !== undefined) {
    throw new Error("The courier listens on no Unix socket\nhint: leave out --unix-socket");
  }
  if (values.courier && values.state !== undefined) {
    throw new Error("The courier has no state directory\nhint: leave out --state");
  }
  const { entrypoint, name } = product;
  const script = `dist/${name}.js`;
  const allowNet = values["allow-net"] ?? [];
  const unixSocket = parsePath("unix-socket", values["unix-socket"]);
  const stateDirectory = parsePath("state", values.state);
  await bundle({
    importMap: values["import-map"],
    entrypoint,
    output: script,
    unixSocket: socketFor(target, unixSocket),
    stateDirectory,
  });
  const paths = { unixSocket, stateDirectory };
  const compiled = await compile({ product, script, output, target, base, allowNet, ...paths });
  const { failure, unguarded } = compiled;
  if (failure) TERMINAL.print(`Not on Deno's runtime base: ${failure}\n`);
  if (unguarded) {
    TERMINAL.print(`No machine code keeps variables of the environment away from Deno: ${unguarded}\n`);
    TERMINAL.print("hint: docs/compile.md says how to start it\n");
  }
  TERMINAL.print(`${output} is for ${target}, on ${BASES[compiled.base]}\n`);
  if (target === Deno.build.target) await checkStart(output);
}

/** Checks that the executable starts. A bad address, for example, is found only now. */
async function checkStart(path: string): Promise<void> {
  const { success } = await new Deno.Command(resolve(path), { args: ["--version"] }).spawn().status;
  if (!success) throw new Error(`"${path}" does not start; what it says stands above`);
}

if (import.meta.main) {
  try {
    await run(Deno.args);
  } catch (error) {
    TERMINAL.printError(`Error: ${error instanceof Error ? error.message : error}\n`);
    Deno.exit(1);
  }
}
