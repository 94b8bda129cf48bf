import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compileEnvironment, createSession, evaluate, evaluateAll } from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { parseData } from "./_environment.ts";
import { anyContexts } from "./_contexts.ts";
import { anyEnvironments, FLAG_KEYS } from "./_generate.ts";

Deno.test("evaluate() finds the same in one session, in any order of flags, as in a session for each flag", () => {
  const order = fc.shuffledSubarray(FLAG_KEYS, { minLength: FLAG_KEYS.length });
  fc.assert(
    fc.property(anyEnvironments, anyContexts, order, (raw, json, keys) => {
      const environment = compileEnvironment(parseData(JSON.parse(JSON.stringify(raw))));
      const context = parseContext(JSON.parse(JSON.stringify(json)));
      const session = createSession(environment, context);
      const all = JSON.parse(evaluateAll(environment, context, { audience: "server", withReasons: true }));
      for (const key of keys) {
        const alone = evaluate(createSession(environment, context), key);
        assertEquals(evaluate(session, key), alone);
        assertEquals(all[key].reason, alone?.reason);
      }
    }),
    { numRuns: 50 },
  );
});
