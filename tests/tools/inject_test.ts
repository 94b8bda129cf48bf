import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { inject } from "../../tools/elf/inject.ts";
import { canRun } from "./_programs.ts";

const CODE = new URL("../../tools/elf/entry_x86_64.bin", import.meta.url);
const SOURCE = new URL("../../tools/elf/entry_x86_64.s", import.meta.url);
const START = { env: [], allowedVariables: [] };

const ignore = Deno.build.target !== "x86_64-unknown-linux-gnu"; // there is machine code for no other

Deno.test("the machine code is what its source says", {
  ignore: ignore || !await canRun("as") || !await canRun("objcopy"), // GNU binutils
}, async () => {
  const folder = await Deno.makeTempDir();
  try {
    await run("as", ["-o", `${folder}/entry.o`, SOURCE.pathname]);
    await run("objcopy", ["-O", "binary", "-j", ".text", `${folder}/entry.o`, `${folder}/entry.bin`]);
    assertEquals(await Deno.readFile(`${folder}/entry.bin`), await Deno.readFile(CODE));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/**
 * Prints how many blocks the system holds for it after one of 20 MB was freed and another one taken: glibc keeps the next one in its
 * own heap, unless it has been told otherwise.
 */
const MALLOC_USER = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
extern char **environ;
int main(void) {
  void *(*volatile find)(void *, const char *) = dlsym;
  free(malloc(20 << 20));
  void *volatile block = malloc(20 << 20);
  printf("%zu %d", mallinfo2().hblks, environ != 0 && find != 0);
  free(block);
}
`;

Deno.test("inject() makes a program whose large blocks go back to the system when they are freed", {
  ignore: ignore || !await canRun("gcc"),
}, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [source, program, injected] = ["user.c", "user", "injected"].map((name) => `${folder}/${name}`) as [
      string,
      string,
      string,
    ];
    await Deno.writeTextFile(source, MALLOC_USER);
    await run("gcc", ["-fPIC", "-pie", "-o", program, source], { PATH: Deno.env.get("PATH")! });
    await Deno.writeFile(injected, await inject(await Deno.readFile(program), START), { mode: 0o755 });
    assertEquals([await run(program, []), await run(injected, [])], ["0 1", "1 1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Variables that are let through, in each form: one that begins another, beginnings, and one within the other's. */
const ALLOWED = ["A", "AB", "AB_*", "ABC*", "VARIABLE_*", "_", "LD_ENV_*", "LC_*", "PATH", "EMPTY"];

/** Tells what it sees of how it was started, and tries to change its own script. */
const SCRIPT = `
let change = "possible";
try {
  Deno.writeTextFileSync(new URL(import.meta.url), "other", { append: true });
} catch (error) {
  change = error.message.split(":")[0];
}
console.log(JSON.stringify({
  args: Deno.args,
  env: Deno.env.toObject(),
  main: import.meta.main,
  program: Deno.execPath(),
  change,
}));
`;

Deno.test("inject() makes a program of Deno and a script", { ignore }, async (t) => {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/program`;
  const args = ["program", "run", "--quiet", "--ext=js", "--allow-all"];
  const env = ["DENO_DIR=/proc/self/exe", "BAKED=in"]; // no directory, so that Deno adds nothing of its own
  try {
    const script = new TextEncoder().encode(SCRIPT);
    const deno = await Deno.readFile(Deno.execPath());
    await Deno.writeFile(program, await inject(deno, { args, env, allowedVariables: ALLOWED, script }), {
      mode: 0o755,
    });
    const base = { args: [], main: true, program, change: "Operation not permitted (os error 1)" };

    await t.step("that starts without any environment", async () => {
      const expected = { ...base, env: { BAKED: "in", DENO_DIR: "/proc/self/exe" } };
      assertEquals(JSON.parse(await run(program, [])), expected);
    });

    await t.step("whose arguments are the user's alone, as they are", async () => {
      const args = ["", "--help", "--allow-run", "--", "a b", "é"];
      assertEquals(JSON.parse(await run(program, args)).args, args);
    });

    await t.step("that gets the variables that are let through, and no others", async () => {
      const kept = {
        PATH: "/bin",
        EMPTY: "",
        A: "A=B",
        AB: "é",
        AB_: "1",
        ABC: "2",
        ABCD: "3",
        LD_ENV_x: "4",
        _: "5",
      };
      const dropped = {
        ...{ a: "1", AA: "2", ABD: "3", B: "4", BAKED: "out", EMPTY_: "5", PATHS: "6", __: "7", LD_ENV: "8" },
        ...{
          LD_PRELOAD: "",
          LD_LIBRARY_PATH: "/nowhere",
          LD_AUDIT: "",
          GLIBC_TUNABLES: "",
          LC: "1",
          LC_ALL_: "",
        },
      };
      const env = JSON.parse(await run(program, [], { ...kept, ...dropped })).env;
      assertEquals(env, { BAKED: "in", DENO_DIR: "/proc/self/exe", ...kept, LC_ALL_: "" });
    });

    await t.step("that gets the variables that are let through, whatever others there are", async () => {
      const name = fc.string({ unit: fc.constantFrom(..."ABCDEL_"), minLength: 1, maxLength: 6 });
      const value = fc.string({ unit: fc.constantFrom(..."AB_=é\n"), maxLength: 20 });
      const environment = fc.uniqueArray(fc.tuple(name, value), {
        selector: ([name]) => name,
        maxLength: 200,
      });
      await fc.assert(
        fc.asyncProperty(environment, async (variables) => {
          const env = JSON.parse(await run(program, [], Object.fromEntries(variables))).env;
          const kept = variables.filter(([name]) => isAllowed(name));
          assertEquals(env, { BAKED: "in", DENO_DIR: "/proc/self/exe", ...Object.fromEntries(kept) });
        }),
        { numRuns: 25 },
      );
    });

    await t.step("that takes many arguments and variables", async () => {
      const args = Array.from({ length: 5000 }, (_, i) => `argument ${i}`);
      const env = Object.fromEntries(args.map((value, i) => [`VARIABLE_${i}`, value]));
      const outcome = JSON.parse(await run(program, args, env));
      assertEquals(outcome.args, args);
      assertEquals(outcome.env, { BAKED: "in", DENO_DIR: "/proc/self/exe", ...env });
    });

    await t.step("that says why it cannot start", async () => {
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-c", 'ulimit -n 64; exec "$0"', program],
      }).output();
      assertEquals(code, 1);
      assertEquals(
        new TextDecoder().decode(stderr),
        "Cannot start: this host refuses a file in memory\n" +
          "hint: allow the system call memfd_create and at least 100 open files\n",
      );
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function isAllowed(name: string): boolean {
  return ALLOWED.some((allowed) =>
    allowed.endsWith("*") ? name.startsWith(allowed.slice(0, -1)) : name === allowed
  );
}

Deno.test("inject() without a script gives a program that starts as before, without the other variables", {
  ignore,
}, async () => {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/program`;
  try {
    const start = { env: ["DENO_DIR=/proc/self/exe"], allowedVariables: ["ABC*"] };
    await Deno.writeFile(program, await inject(await Deno.readFile(Deno.execPath()), start), { mode: 0o755 });
    const script =
      "console.log(JSON.stringify([Deno.args, Deno.env.toObject(), Deno.execPath(), Deno.cwd()]))";
    const env = { ABCD: "1", AB: "2", NODE_OPTIONS: "3" };
    const seen = JSON.parse(await run(program, ["eval", script, "", "a b"], env));
    assertEquals(seen, [["", "a b"], { ABCD: "1", DENO_DIR: "/proc/self/exe" }, program, Deno.cwd()]);

    await Deno.mkdir(`${folder}/gone`);
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'cd "$1" && rmdir "$1" && exec "$0" eval "$2"', program, `${folder}/gone`, script],
    }).output();
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)).at(-1), "/");
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      "Warning: the working directory does not exist any more",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const HEADER = new Uint8Array(64);
HEADER.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);

const REFUSED: [what: string, file: Uint8Array, message: string][] = [
  ["an empty file", new Uint8Array(), "its executable is not one for Linux x86_64"],
  [
    "a script",
    new TextEncoder().encode("#!/bin/sh\n".repeat(10)),
    "its executable is not one for Linux x86_64",
  ],
  ["another machine's", withMachine(183), "its executable is not one for Linux x86_64"],
  ["no segments", withMachine(62), "its executable has no note to replace"],
];

function withMachine(machine: number): Uint8Array {
  const file = HEADER.slice();
  file[18] = machine;
  return file;
}

for (const [what, file, message] of REFUSED) {
  Deno.test(`inject() refuses ${what}`, async () => {
    await assertRejects(
      () => inject(file, START),
      TypeError,
      `Cannot put machine code into Deno: ${message}`,
    );
  });
}

Deno.test("inject() refuses more strings than the machine code has room for", { ignore }, async () => {
  const deno = await Deno.readFile(Deno.execPath());
  const env = Array.from({ length: 511 }, (_, i) => `V${i}=`);
  await assertRejects(
    () => inject(deno, { ...START, env }),
    RangeError,
    "more than 510 arguments and variables",
  );
});

for (const name of ["*", "", "A=", "A*B", "A B", "LD_**"]) {
  Deno.test(`inject() refuses "${name}" as the name of a variable`, { ignore }, async () => {
    const deno = await Deno.readFile(Deno.execPath());
    await assertRejects(
      () => inject(deno, { ...START, allowedVariables: ["A", name] }),
      RangeError,
      `Cannot put machine code into Deno: "${name}" is not the name of a variable`,
    );
  });
}

async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env, clearEnv: true }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
