import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { evaluateCompiled } from "../../lib/evaluation/_evaluate_flag.ts";
import { SLICE_IS_OVER } from "../../lib/evaluation/_session.ts";
import {
  compileEnvironment,
  createSession,
  evaluate,
  evaluateAll,
  type Evaluation,
} from "../../lib/evaluation/mod.ts";
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

/** More than the flags and segments of such an environment spend before a clause is tested. */
const SMALL_SLICE = 700;

Deno.test("evaluate() finds the same however often it is interrupted and begun anew", () => {
  fc.assert(
    fc.property(anyEnvironments, anyContexts, (raw, json) => {
      const environment = compileEnvironment(parseData(JSON.parse(JSON.stringify(raw))));
      const context = parseContext(JSON.parse(JSON.stringify(json)));
      const { state } = createSession(environment, context);
      for (const [key, { compiled, slot }] of environment.linked.flags) {
        const whole = evaluate(createSession(environment, context), key);
        assertEquals(evaluateInterrupted(state, compiled, slot), whole);
      }
    }),
    { numRuns: 100 },
  );
  assertLess(50, interruptions);
});

let interruptions = 0;

function evaluateInterrupted(...[state, ...flag]: Parameters<typeof evaluateCompiled>): Evaluation {
  while (true) {
    state.sliceEnd = state.steps + SMALL_SLICE;
    try {
      return evaluateCompiled(state, ...flag);
    } catch (error) {
      assertEquals(error, SLICE_IS_OVER);
      interruptions++;
    }
  }
}
