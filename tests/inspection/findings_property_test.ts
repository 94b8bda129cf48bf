import { assert, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { writeArchive } from "../../lib/archive/mod.ts";
import { compileEnvironment, createSession, evaluate } from "../../lib/evaluation/mod.ts";
import { checkArchive } from "../../lib/inspection/mod.ts";
import { loadArchive, type LoadedEnvironment } from "../../lib/load/load_archive.ts";
import { type Flag, parseContext } from "../../lib/model/mod.ts";
import { runs } from "../_nightly.ts";
import { environments, toFiles } from "../archive/_environments.ts";
import { check, flagOf } from "./_checked.ts";

const VALUES = {
  text: ["", "a", "ab", "b", "abc"],
  number: [-1, 0, 1, 1.5],
  version: ["1.0", "1.0.0", "1.0.1-x", "2"],
  date: ["1970-01-01T00:00:00Z", 0, 1, "1970-01-01T00:00:00.0015Z"],
};
const OPS: Record<string, keyof typeof VALUES> = {
  startsWith: "text",
  endsWith: "text",
  contains: "text",
  lessThan: "number",
  lessThanOrEqual: "number",
  greaterThan: "number",
  greaterThanOrEqual: "number",
  semVerEqual: "version",
  semVerLessThan: "version",
  semVerGreaterThan: "version",
  before: "date",
  after: "date",
};
const anyValue = fc.constantFrom<string | number>(...Object.values(VALUES).flat());

/** Clauses that often exclude or include each other. */
const clauses = fc.tuple(
  fc.constantFrom(...Object.keys(OPS), "in"),
  fc.constantFrom("a", "key"),
  fc.boolean(),
)
  .chain(([op, attribute, negate]) => {
    const value = op === "in" ? anyValue : fc.constantFrom<string | number>(...VALUES[OPS[op]!]);
    return fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => ({
      op,
      attribute,
      negate,
      values,
    }));
  });

Deno.test("checkArchive() is right where it says that a rule cannot be reached", async () => {
  let unreachable = 0;
  const rules = fc.array(fc.array(clauses, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 8 });
  const contexts = fc.array(
    fc.tuple(fc.oneof(anyValue, fc.array(anyValue, { maxLength: 3 }), fc.constant(undefined)), anyValue),
    { minLength: 10, maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(rules, contexts, async (rules, contexts) => {
      const flag = flagOf({ key: "f", rules: rules.map((clauses) => ({ clauses, variation: 0 })) });
      const found = (await check({ flags: { f: flag } })).filter(({ message }) =>
        message.includes("cannot be reached")
      );
      unreachable += found.length;
      const environment = compileEnvironment({
        flags: new Map([["f", { value: flag as unknown as Flag, text: JSON.stringify(flag) }]]),
        segments: new Map(),
      });
      for (const [a, key] of contexts) {
        const context = parseContext({ kind: "user", key: `${key}` || "x", ...a !== undefined && { a } });
        const { reason } = evaluate(createSession(environment, context), "f")!;
        for (const { path } of found) {
          assertNotEquals(path, `flags.f.rules[${reason.kind === "RULE_MATCH" ? reason.ruleIndex : "-"}]`);
        }
      }
    }),
    { numRuns: runs(1_000) },
  );
  assert(unreachable > 0);
});

/** Loads an archive as `serve` does. */
async function load(bytes: Uint8Array<ArrayBuffer>): Promise<LoadedEnvironment[]> {
  const request = { bytes: bytes.slice().buffer, path: "x", maxBytes: 1e9, known: new Map() };
  return await Array.fromAsync(loadArchive(request));
}

Deno.test("checkArchive() finds something for whatever serve refuses or warns about, and throws for nothing", async () => {
  let faulty = 0;
  let warned = 0;
  await fc.assert(
    fc.asyncProperty(
      environments,
      fc.array(fc.tuple(fc.nat(), fc.nat(127)), { maxLength: 1 }),
      async (list, edits) => {
        const files = list.map((environment) => {
          const { id, metadata, data } = toFiles(environment);
          const edited = edits.reduce((text, [at, code]) => {
            const place = at % text.length;
            return text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
          }, data);
          return { id, metadata, data: edited };
        });
        const bytes = await writeArchive(files);
        const findings = await checkArchive(bytes, { now: 0 });
        for (const loaded of await load(bytes)) {
          const own = findings.filter(({ environment }) => environment === loaded.id);
          const severities = own.map(({ severity }) => severity);
          if ("fault" in loaded) {
            faulty++;
            assert(severities.includes("error"), loaded.fault);
          } else if (loaded.warnings?.length) {
            warned++;
            assert(severities.includes("error") || severities.includes("warning"), loaded.warnings[0]);
          }
        }
      },
    ),
    { numRuns: runs(200) },
  );
  assert(faulty > 0 && warned > 0);
});
