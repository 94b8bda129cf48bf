import { assertEquals } from "@std/assert";
import { compareSemVer, parseSemVer } from "../../lib/evaluation/_semver.ts";
import { matchClause } from "./_environment.ts";

/** In ascending order of precedence; versions on one line are equal. */
const ASCENDING: string[][] = [
  ["0-0", "0.0.0-0"],
  ["0", "0.0", "0.0.0", "0+x", "0.0.0+001"],
  ["0.0.1"],
  ["0.9.9"],
  ["1-0", "1.0-0", "1.0.0-0"],
  ["1-1"],
  ["1-2"],
  ["1-10"],
  ["1-99999999999999999998"],
  ["1-99999999999999999999"],
  ["1--"],
  ["1-0a", "1.0.0-0a"],
  ["1-A"],
  ["1-a"],
  ["1-alpha"],
  ["1-alpha.1"],
  ["1-alpha.beta"],
  ["1-beta"],
  ["1-beta.2"],
  ["1-beta.11"],
  ["1-rc.1", "1.0-rc.1+build.5", "1.0.0-rc.1"],
  ["1", "1.0", "1.0.0", "1+build", "1.0+a-b.c"],
  ["1.0.10"],
  ["1.2"],
  ["1.10"],
  ["2"],
  ["10"],
  ["9007199254740991"],
  ["9007199254740992"],
  ["9007199254740992.0.1"],
  ["9007199254740993"],
  ["9223372036854775807"],
];

Deno.test("compareSemVer() orders versions by precedence, minor and patch being 0 when left out", () => {
  for (const [i, line] of ASCENDING.entries()) {
    for (const [j, others] of ASCENDING.entries()) {
      for (const a of line) {
        for (const b of others) {
          const order = Math.sign(compareSemVer(parseSemVer(a)!, parseSemVer(b)!));
          assertEquals([a, b, order], [a, b, Math.sign(i - j)]);
        }
      }
    }
  }
});

const NONE = [
  "",
  " ",
  "v1.0.0",
  "V1",
  "=1.0.0",
  " 1.0.0",
  "1.0.0 ",
  "1.0.0\n",
  "x",
  "1.x",
  "1.*",
  "01",
  "1.01",
  "1.0.01",
  "1.0.0-01",
  "1.0.0-a.00",
  "1.0.0-",
  "1.0.0-a..b",
  "1.0.0-ä",
  "1.0.0+",
  "1.0.0+a+b",
  "1.0.0+a..b",
  "1.0.0.0",
  "1.",
  "1.0.",
  ".1",
  "1..0",
  "-1",
  "+1",
  "1.-1",
  "1e3",
  "1,0",
  "９",
  1,
  1.5,
  null,
  true,
  ["1.0.0"],
  { major: 1 },
];

for (const value of NONE) {
  Deno.test(`parseSemVer() finds no version in ${JSON.stringify(value).slice(0, 40)}`, () => {
    assertEquals(parseSemVer(value), null);
  });
}

Deno.test("parseSemVer() reads a version of any length", () => {
  assertEquals(parseSemVer("1-".padEnd(1_000, "a"))!.prerelease, ["a".repeat(998)]);
  assertEquals(parseSemVer(`1-${"a.".repeat(100_000)}b`)!.prerelease.length, 100_001);
});

const MATCHES: [version: unknown, op: string, values: unknown[], matches: boolean][] = [
  ["2.0.0", "semVerEqual", ["2"], true],
  ["2.0.0", "semVerEqual", ["2.0.1", "2+x"], true],
  ["2.0.0-rc", "semVerEqual", ["2"], false],
  ["2", "semVerLessThan", ["2.0.1"], true],
  ["2", "semVerLessThan", ["2.0.0"], false],
  ["2.0.0-rc", "semVerLessThan", ["2"], true],
  ["2.0.1", "semVerGreaterThan", ["2"], true],
  ["2.0.0", "semVerGreaterThan", ["2.0.0-rc"], true],
  ["2.0.0", "semVerGreaterThan", ["xyz"], false],
  ["xyz", "semVerLessThan", ["2.0.0"], false],
  [2, "semVerEqual", ["2"], false],
  ["2", "semVerEqual", [2], false],
];

for (const [version, op, values, matches] of MATCHES) {
  Deno.test(`evaluate() says that ${JSON.stringify(version)} ${op} ${JSON.stringify(values)} is ${matches}`, () => {
    assertEquals(
      matchClause({ attribute: "v", op, values }, { kind: "user", key: "k", v: version }),
      matches,
    );
  });
}
