import { addDigest, computeDigest, type Digest } from "./_digest.ts";
import type { CompiledFlag } from "./_flag.ts";
import type { Evaluation, EvaluationTexts } from "./evaluation.ts";

/** A flag in its environment. */
export interface Entry {
  /** The flag, compiled. */
  compiled: CompiledFlag;
  /** Its slot as a prerequisite of other flags; -1 when it is none. */
  slot: number;
}

/** All flags that an audience sees; those for which the context does not matter are already put together. */
export interface Output {
  /** Flags whose evaluation depends on the context. */
  flags: CompiledFlag[];
  /** Their slots as prerequisites. */
  slots: number[];
  /** Members of the flags before each of `flags`, and of those after the last; the first run has no comma before it. */
  runs: string[];
  /** Digest of the members in the runs. */
  digest: Digest;
}

/**
 * Prepares the output for an audience.
 *
 * @param entries The flags that it sees, in order.
 * @param withReasons Whether members include reasons.
 * @returns Steps, one for each flag; the last one returns the prepared output.
 */
export function* prepareOutput(entries: Iterable<Entry>, withReasons: boolean): Generator<void, Output> {
  const output: Output = { flags: [], slots: [], runs: [], digest: { a: 0, b: 0, c: 0, d: 0 } };
  let run: string[] = [];
  for (const { compiled, slot } of entries) {
    if (compiled.constant !== null) {
      run.push(getMember(compiled.constant, withReasons));
      addDigest(output.digest, getDigest(compiled.constant, withReasons));
    } else {
      output.flags.push(compiled);
      output.slots.push(slot);
      output.runs.push(run.join(""));
      run = [];
    }
    yield;
  }
  output.runs.push(run.join(""));
  output.runs[0] = output.runs[0]!.slice(1);
  return output;
}

/**
 * Gets the text of an evaluation.
 *
 * @param evaluation The evaluation.
 * @param withReasons Whether it includes the reason.
 * @returns A member of a JSON object with a comma before it.
 */
export function getMember(evaluation: Evaluation, withReasons: boolean): string {
  const { member, memberStart, memberEnd } = getTexts(evaluation);
  return withReasons ? memberStart + memberEnd : member;
}

/**
 * Gets the digest of {@linkcode getMember}, which is computed on first use.
 *
 * @param evaluation The evaluation.
 * @param withReasons Whether it includes the reason.
 * @returns The digest.
 */
export function getDigest(evaluation: Evaluation, withReasons: boolean): Digest {
  const texts = getTexts(evaluation);
  return withReasons
    ? texts.digestWithReason ??= computeDigest(getMember(evaluation, true))
    : texts.digest ??= computeDigest(texts.member);
}

function getTexts(evaluation: Evaluation): EvaluationTexts {
  return evaluation.texts ?? evaluation.factory.write(evaluation);
}
