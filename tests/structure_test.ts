import { assertEquals } from "@std/assert";
import { readSources } from "../tools/limits.ts";
import { findFaults, listNeeded, readRooms } from "./_structure.ts";

const ROOT = new URL("../", import.meta.url);
const ROOMS = readRooms(await Deno.readTextFile(new URL("CONTRIBUTING.md", ROOT)));
const SOURCES = readSources();
for (const path of ["main.ts", "courier.ts"]) SOURCES.set(path, await Deno.readTextFile(new URL(path, ROOT)));

Deno.test("lib keeps to the rooms of CONTRIBUTING.md: imports, doors, private files, circles, console, state", () => {
  assertEquals(findFaults(SOURCES, ROOMS), []);
});

// What each program must not even contain.
const FOREIGN: [entrypoint: string, what: string, files: RegExp][] = [
  [
    "main.ts",
    "writes or connects",
    /^lib\/(pull|folder)\/|^lib\/cli\/(courier|pull|pack|unpack|write_file)\.ts$/,
  ],
  ["courier.ts", "listens", /^lib\/(http|routes)\/|^lib\/(relay|serving.*)\.ts$|^lib\/cli\/(mod|serve)\.ts$/],
];

for (const [entrypoint, what, files] of FOREIGN) {
  Deno.test(`${entrypoint} needs no file that ${what}`, () => {
    const needed = listNeeded(SOURCES, entrypoint);
    assertEquals([needed.length > 50, needed.filter((path) => files.test(path))], [true, []]);
  });
}

Deno.test("CONTRIBUTING.md has no room that is not there", () => {
  const files = [...SOURCES.keys()];
  for (const name of ROOMS.keys()) {
    const pattern = new RegExp(`^(lib/)?${name.replace("*", "[^/]+")}(\\.ts$|/[^/]+$)`);
    assertEquals([name, files.some((file) => pattern.test(file))], [name, true]);
  }
});

Deno.test("CONTRIBUTING.md lets no room import one that is not in the table", () => {
  for (const [name, may] of ROOMS) {
    assertEquals([name, may.filter((other) => !ROOMS.has(other))], [name, []]);
  }
});

const TABLE = `
| folder | its one job | may import |
| - | - | - |
| \`main.ts\` | starts | cli |
| \`lib/cli/\` | commands | all below |
| \`lib/house.ts\` | holds them | all below |
| \`lib/pets/*/\` | a folder each | cats, dogs |
| \`lib/dogs/\` | dogs | cats |
| \`lib/cats/\` | cats | – |
| \`tools/\` | other things | x |
`;

/** Files that keep to the rules. */
const GOOD = {
  "main.ts": `import { run } from "./lib/cli/mod.ts";`,
  "lib/cats/mod.ts": `export * from "./cat.ts"; export type * from "./_fur.ts";`,
  "lib/cats/cat.ts":
    `import { x } from "npm:x"; const NAMES = new Set(["a"]); const NO: never[] = []; const NONE: readonly string[] = []; function f() { let n = 0; const m = new Map(); }`,
  "lib/cats/_fur.ts": `export interface Fur {}`,
  "lib/dogs/mod.ts":
    `import config from "../../deno.json" with { type: "json" }; import { Cat } from "../cats/mod.ts";`,
  "lib/pets/a/mod.ts": `import { Cat } from "../../cats/mod.ts";`,
  "lib/pets/b/mod.ts": `import { Dog } from "../../dogs/mod.ts";`,
  "lib/cli/mod.ts": `import { Pet } from "../pets/a/mod.ts"; console.log("x");`,
  "lib/house.ts": `import { Pet } from "./pets/a/mod.ts";`,
};

// One file each that breaks a rule, and what is said of it.
const FAULTS: [path: string, source: string, fault: string][] = [
  ["lib/cats/x.ts", `import { Dog } from "../dogs/mod.ts";`, "lib/cats/x.ts:1: cats may not import dogs"],
  [
    "lib/cats/x.ts",
    `\nimport type { Dog } from "../dogs/mod.ts";`,
    "lib/cats/x.ts:2: cats may not import dogs",
  ],
  ["lib/cats/x.ts", `export * from "../dogs/mod.ts";`, "lib/cats/x.ts:1: cats may not import dogs"],
  ["lib/cats/x.ts", `export { Dog } from "../dogs/mod.ts";`, "lib/cats/x.ts:1: cats may not import dogs"],
  ["lib/cats/x.ts", `await import("../dogs/mod.ts");`, "lib/cats/x.ts:1: cats may not import dogs"],
  ["lib/cats/x.ts", `type D = import("../dogs/mod.ts").Dog;`, "lib/cats/x.ts:1: cats may not import dogs"],
  ["lib/pets/a/x.ts", `import { x } from "../b/mod.ts";`, "lib/pets/a/x.ts:1: pets/* may not import pets/*"],
  ["lib/dogs/x.ts", `import { house } from "../house.ts";`, "lib/dogs/x.ts:1: dogs may not import house"],
  ["lib/house.ts", `import { run } from "./cli/mod.ts";`, "lib/house.ts:1: house may not import cli"],
  [
    "lib/dogs/x.ts",
    `import { cat } from "../cats/cat.ts";`,
    "lib/dogs/x.ts:1: imports lib/cats/cat.ts, not the room's mod.ts",
  ],
  [
    "lib/dogs/x.ts",
    `import type { Fur } from "../cats/_fur.ts";`,
    "lib/dogs/x.ts:1: imports lib/cats/_fur.ts, which is private to its folder",
  ],
  [
    "lib/cats/_fur.ts",
    `import "./mod.ts";`,
    "import circle: lib/cats/mod.ts → lib/cats/_fur.ts → lib/cats/mod.ts",
  ],
  ["lib/cats/x.ts", `import type { X } from "./x.ts";`, "import circle: lib/cats/x.ts → lib/cats/x.ts"],
  ["lib/cats/x.ts", `console.log(1);`, "lib/cats/x.ts:1: uses the console"],
  ["lib/cats/x.ts", `let count = 0;`, "lib/cats/x.ts:1: keeps state in a module"],
  ["lib/cats/x.ts", `export let count = 0;`, "lib/cats/x.ts:1: keeps state in a module"],
  ["lib/cats/x.ts", `const known = new Map<string, number>();`, "lib/cats/x.ts:1: keeps state in a module"],
  ["lib/cats/x.ts", `export const list: string[] = [];`, "lib/cats/x.ts:1: keeps state in a module"],
  ["lib/birds/x.ts", ``, "lib/birds/x.ts: is in no room of the table"],
];

Deno.test("findFaults() finds none where there is none", () => {
  assertEquals(findFaults(new Map(Object.entries(GOOD)), readRooms(TABLE)), []);
});

for (const [path, source, fault] of FAULTS) {
  Deno.test(`findFaults() finds "${source.trim()}" in ${path}`, () => {
    assertEquals(findFaults(new Map(Object.entries({ ...GOOD, [path]: source })), readRooms(TABLE)), [fault]);
  });
}

Deno.test("findFaults() finds a circle in the table itself", () => {
  const table = TABLE.replace("| cats | – |", "| cats | dogs |");
  assertEquals(findFaults(new Map(Object.entries(GOOD)), readRooms(table)), [
    "import circle: cats → dogs → cats",
  ]);
});
