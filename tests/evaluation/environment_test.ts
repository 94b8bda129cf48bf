import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  type CompiledEnvironment,
  compileEnvironment,
  compileInSteps,
  createSession,
  evaluate,
} from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { compile, complete, type Json, parseData } from "./_environment.ts";

const USER = { kind: "user", key: "u" };
const IN_SEGMENT = { rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 1 }] };
const NEEDS = { prerequisites: [{ key: "other", variation: 0 }] };

function variation(environment: CompiledEnvironment, key: string): number | null | undefined {
  return evaluate(createSession(environment, parseContext(USER)), key)?.variation;
}

function compiledForm(environment: CompiledEnvironment, key: string): unknown {
  return environment.linked.flags.get(key)?.compiled ?? environment.linked.segments.get(key);
}

Deno.test("compileEnvironment() keeps the compiled form of what is unchanged, and of nothing else", () => {
  const flags = { same: IN_SEGMENT, changed: NEEDS, removed: {} };
  const first = compile({ flags, segments: { s: { included: ["u"] }, t: {} } });
  const second = compile({
    flags: { same: IN_SEGMENT, changed: { ...NEEDS, version: 2 }, added: {} },
    segments: { s: { included: ["u"] }, t: { version: 2 } },
  }, first);
  for (const [key, kept] of [["same", true], ["s", true], ["changed", false], ["t", false]] as const) {
    assertEquals(compiledForm(second, key) === compiledForm(first, key), kept, key);
  }
  assertEquals(compiledForm(second, "removed"), undefined);
  assertEquals(variation(second, "added"), 0);
});

type Reload = [name: string, before: Json, after: Json, results: [before: number, after: number]];

const RELOADS: Reload[] = [
  ["a segment that changed", { segments: { s: {} } }, { segments: { s: { included: ["u"] } } }, [0, 1]],
  ["a segment that came", { segments: {} }, { segments: { s: { included: ["u"] } } }, [0, 1]],
  ["a segment that went", { segments: { s: { included: ["u"] } } }, { segments: {} }, [1, 0]],
  ["a segment that was deleted", { segments: { s: { included: ["u"] } } }, {
    segments: { s: { deleted: true } },
  }, [1, 0]],
  ["a prerequisite that changed", { flags: { other: {} } }, { flags: { other: { on: false } } }, [0, 2]],
  ["a prerequisite that came", { flags: {} }, { flags: { other: {} } }, [2, 0]],
  ["a prerequisite that went", { flags: { other: {} } }, { flags: {} }, [0, 2]],
];

for (const [name, before, after, results] of RELOADS) {
  Deno.test(`compileEnvironment() links unchanged flags to ${name}, and leaves the previous environment as it was`, () => {
    const flag = "segments" in before ? IN_SEGMENT : NEEDS;
    const first = compile({ ...before, flags: { flag, ...before.flags as Json } } as never);
    const second = compile({ ...after, flags: { flag, ...after.flags as Json } } as never, first);
    assertStrictEquals(compiledForm(second, "flag"), compiledForm(first, "flag"));
    assertEquals([variation(first, "flag"), variation(second, "flag")], results);
    assertEquals([variation(first, "flag"), variation(second, "flag")], results);
  });
}

Deno.test("compileEnvironment() lets a session of the previous environment go on", () => {
  const first = compile({ flags: { a: IN_SEGMENT, b: IN_SEGMENT }, segments: { s: { included: ["u"] } } });
  const session = createSession(first, parseContext(USER));
  assertEquals(evaluate(session, "a")!.variation, 1);
  const more = Object.fromEntries(
    Array.from(
      { length: 50 },
      (_, i) => [`n${i}`, { rules: [{ clauses: [{ attribute: `x${i}`, op: "in" }] }], ...NEEDS }],
    ),
  );
  compile({ flags: { a: IN_SEGMENT, ...more }, segments: {} }, first);
  assertEquals(evaluate(session, "b")!.variation, 1);
});

Deno.test("compileEnvironment() starts anew when years of reloads have left too much behind", () => {
  function reload(generation: number, previous?: CompiledEnvironment) {
    const clauses = Array.from(
      { length: 200 },
      (_, i) => ({ attribute: "key", op: "in", values: [`${generation}-${i}`] }),
    );
    return compile({ flags: { a: { rules: [{ clauses, variation: 1 }] }, same: IN_SEGMENT } }, previous);
  }
  let environment = reload(0);
  const registries = new Set([environment.linked.registry]);
  let largest = 0;
  for (let generation = 1; generation <= 30; generation++) {
    environment = reload(generation, environment);
    registries.add(environment.linked.registry);
    largest = Math.max(largest, environment.linked.registry.clauses.length);
    assertEquals(variation(environment, "same"), 0);
  }
  assertEquals([registries.size > 2, registries.size < 10, largest < 2000], [true, true, true]);
});

Deno.test("compileEnvironment() tests a clause that many flags have only once", () => {
  const clause = { attribute: "key", op: "in", values: ["u"] };
  const rules = [{ clauses: [clause, clause], variation: 1 }];
  const environment = compile({
    flags: { a: { rules }, b: { rules } },
    segments: { s: { rules: [{ clauses: [clause] }] } },
  });
  assertEquals(environment.linked.registry.clauses.length, 1);
});

Deno.test("compileInSteps() stops after each segment and flag and ends with the same environment", () => {
  const data = parseData(
    complete({ flags: { a: {}, b: IN_SEGMENT, c: { deleted: true } }, segments: { s: { included: ["u"] } } }),
  );
  function list<T>(items: Map<string, { value: T; text: string }>) {
    return [...items].map(([key, { value, text }]) => ({ key, digest: text, parse: () => value }));
  }
  data.flags.delete("c");
  const steps = compileInSteps({ flags: list(data.flags), segments: list(data.segments) });
  let count = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) count++;
  // Three are compiled, two flags linked, and the segment, to which one refers, is put in its slot, asked and measured.
  assertEquals(count, 3 + 2 + 3);
  for (const key of ["a", "b", "c"]) {
    assertEquals(variation(step.value, key), variation(compileEnvironment(data), key));
  }
});
