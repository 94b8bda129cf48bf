/**
 * The task `test`: builds the executable, then runs all tests, those of `tests/e2e` on the executable, and holds the coverage
 * against its floor. With paths as arguments only the tests there, without the floor.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { buildExecutable } from "./build.ts";

/** Test files that run at a time. Twice the usual number of cores: most wait for processes, timers and sockets. */
const JOBS = 4;

/** Least share of lines, branches and functions that tests run through: percent. */
const MIN_COVERAGE = 90;

/** Tests that coverage makes many times as slow: it delays each start of a thread by half a second, and long loops. */
const WITHOUT_COVERAGE = ["tests/load", "tests/archive/mutation_test.ts"];

const FOLDER = "dist/test";

/** Runs tests, and resolves to whether all went well. */
async function test(args: string[], env: Record<string, string>): Promise<boolean> {
  const sanitizers = ["--sanitize-ops", "--sanitize-resources", "--trace-leaks"];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--parallel", "--allow-all", "--unstable-net", ...sanitizers, ...args],
    env,
  }).spawn().status;
  return success;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "import-map": { type: "string" }, nightly: { type: "boolean", default: false } },
});
const importMap = values["import-map"];
const binary = await buildExecutable({ folder: FOLDER, importMap });
const std = importMap === undefined ? [] : [`--import-map=${importMap}`];
const env = {
  DENO_JOBS: `${JOBS}`,
  ...binary !== undefined && { HALYARD_BINARY: binary },
  ...values.nightly && { HALYARD_TESTS: "nightly" },
};
if (positionals.length > 0) Deno.exit(await test([...std, ...positionals], env) ? 0 : 1);
const coverage = ["--coverage", "--clean", `--coverage-threshold=${MIN_COVERAGE}`];
const covered = ["--doc", `--ignore=${WITHOUT_COVERAGE.join(",")}`, "tests", "lib"];
const succeeded = [
  await test([...std, ...WITHOUT_COVERAGE], env),
  await test([...std, ...coverage, ...covered], env),
];
Deno.exit(succeeded.every(Boolean) ? 0 : 1);
