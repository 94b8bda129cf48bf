/**
 * The task `test`: builds the executable, then runs all tests, those of `tests/e2e` on the executable, and holds the coverage
 * against its floor. With paths as arguments only the tests there, without the floor.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import { compile, INJECTABLE } from "./compile.ts";

/** Test files that run at a time. Twice the usual number of cores: most wait for processes, timers and sockets. */
const JOBS = 4;

/** Least share of lines, branches and functions that tests run through: percent. */
const MIN_COVERAGE = 90;

const FOLDER = "dist/test";

/** Builds the executable from the sources as they are. Needs no network, so it is for one kind of machine only. */
async function build(importMap: string | undefined): Promise<string | undefined> {
  if (Deno.build.target !== INJECTABLE) return undefined;
  const script = `${FOLDER}/halyard.js`;
  const output = `${Deno.cwd()}/${FOLDER}/halyard`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await bundle({ importMap, output: script });
  await compile({ script, output, base: "deno" });
  return output;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "import-map": { type: "string" }, nightly: { type: "boolean", default: false } },
});
const importMap = values["import-map"];
const binary = await build(importMap);
const coverage = ["--coverage", "--clean", `--coverage-threshold=${MIN_COVERAGE}`];
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    ...["test", "--parallel", "--allow-all", "--doc"],
    ...["--sanitize-ops", "--sanitize-resources", "--trace-leaks"],
    ...importMap === undefined ? [] : [`--import-map=${importMap}`],
    ...positionals.length > 0 ? positionals : [...coverage, "tests", "lib"],
  ],
  env: {
    DENO_JOBS: `${JOBS}`,
    ...binary !== undefined && { HALYARD_BINARY: binary },
    ...values.nightly && { HALYARD_TESTS: "nightly" },
  },
}).spawn().status;
Deno.exit(code);
