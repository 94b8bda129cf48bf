import { formatEvaluation, type OutputOptions } from "../../evaluation/mod.ts";
import { encodeEvent, encodeEvents } from "../../wire/mod.ts";
import type { ClientChange, ClientForm, Evaluations } from "../mod.ts";

/**
 * Creates the form in which streams of `/eval` and `/meval` carry what flags give a context: `put`, `patch` and `delete`.
 *
 * @param evaluations Evaluates.
 * @param options Who asks, and for what.
 * @returns The form.
 */
export function createClientForm(evaluations: Evaluations, options: OutputOptions): ClientForm {
  const { withReasons } = options;

  function formatChange({ key, version, after }: ClientChange): [event: string, data: string] {
    const id = `{"key":${JSON.stringify(key)},`;
    if (!after) return ["delete", `${id}"version":${version}}`];
    return ["patch", id + formatEvaluation(after, withReasons).slice(1)];
  }

  return {
    // Encoded in one go: what many streams had half encoded at one time would be charged to nobody.
    put: async (snapshot, context, turn) =>
      encodeEvent("put", (await evaluations.evaluateAll(snapshot, context, options, turn)).text),
    format: (evaluation) => formatEvaluation(evaluation, withReasons),
    encode: async (changes, _after, pause) =>
      (await encodeEvents(changes.values().map(formatChange), Infinity, pause))!,
  };
}
