import { type Evaluation, EvaluationsDigest, type OutputOptions } from "../../evaluation/mod.ts";
import type { Context } from "../../model/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { createPause, type Parts, type Pause } from "../../wire/mod.ts";
import type { ClientForm, Evaluations } from "../mod.ts";
import { describePayload, EVENTS, frameTexts, listMessages, type Message, type Payload } from "./transfer.ts";

const ENCODER = new TextEncoder();

/** Writes the data of the message that puts what a flag gives: JSON. */
export type FormatPut = (evaluation: Evaluation) => string;

/**
 * Creates the function that writes the data of messages. Most evaluations are shared by all contexts, so their texts are kept.
 *
 * @param withReasons Whether they have reasons.
 * @returns The function.
 */
export function createFormatPut(withReasons: boolean): FormatPut {
  const texts = new WeakMap<Evaluation, string>();
  return (evaluation) => texts.getOrInsertComputed(evaluation, () => formatPut(evaluation, withReasons));
}

function formatPut(evaluation: Evaluation, withReasons: boolean): string {
  const { flag, value, variation, reason, experiment, prerequisites } = evaluation;
  // Its version is in the envelope, and has another name in the object.
  const object = {
    flagVersion: flag.version,
    value,
    variation,
    ...(flag.trackEvents || experiment) && { trackEvents: true },
    ...experiment && { trackReason: true },
    ...(withReasons || experiment) && { reason },
    ...flag.debugEventsUntilDate && { debugEventsUntilDate: flag.debugEventsUntilDate },
    ...prerequisites.length > 0 && { prerequisites },
  };
  return JSON.stringify({ kind: "flag-eval", key: flag.key, version: flag.version, object });
}

/** What all flags give a context. */
export interface Results {
  /** The payload, by its content. */
  payload: Payload;
  /** A message for each flag. */
  objects: Message[];
  /** Digest of it. */
  digest: EvaluationsDigest;
}

/** Options for {@linkcode evaluateResults}. */
export interface ResultsOptions extends OutputOptions {
  /** What evaluates. */
  evaluations: Evaluations;
  /** Writes messages. */
  format: FormatPut;
  /** The turn in which that is done. @default {it waits for one} */
  turn?: Pause | undefined;
}

/**
 * Evaluates everything for a context.
 *
 * @param snapshot What the environment serves.
 * @param context The context.
 * @param options Who asks, and what evaluates.
 * @returns The results.
 * @throws {EvaluationLimitError} When the context takes too long.
 */
export async function evaluateResults(
  snapshot: Snapshot,
  context: Context,
  { evaluations, format, audience, withReasons, turn }: ResultsOptions,
): Promise<Results> {
  const pause = turn ?? createPause();
  const all = await evaluations.evaluateEach(snapshot, context, audience, turn);
  const digest = new EvaluationsDigest(withReasons);
  const objects: Message[] = [];
  for (const evaluation of all) {
    digest.toggle(evaluation);
    objects.push(putObject(evaluation, format));
    const waiting = pause();
    if (waiting) await waiting;
  }
  return { payload: describePayload(snapshot.metadata.id, `${digest}`), objects, digest };
}

function putObject(evaluation: Evaluation, format: FormatPut): Message {
  return { event: "put-object", data: format(evaluation) };
}

/**
 * Creates the form in which one stream carries what flags give its context.
 *
 * @param options Who asks, and what evaluates.
 * @returns The form, for one stream only: it keeps the digest of what its client has.
 */
export function createClientForm(options: Omit<ResultsOptions, "turn">): ClientForm {
  const { format } = options;
  let digest = new EvaluationsDigest(options.withReasons);

  async function put(snapshot: Snapshot, context: Context, turn?: Pause): Promise<Parts> {
    const results = await evaluateResults(snapshot, context, { ...options, turn });
    digest = results.digest;
    // Encoded in one go: what many streams had half encoded at one time would be charged to nobody.
    return encode(listMessages(results.payload, "xfer-full", results.objects));
  }

  return {
    put,
    format,
    encode(changes, { metadata: { id } }) {
      const objects = changes.map(({ key, version, before, after }): Message => {
        if (before) digest.toggle(before);
        if (after) digest.toggle(after);
        if (after) return putObject(after, format);
        const data = { kind: "flag-eval", key, version };
        return { event: "delete-object", data: JSON.stringify(data) };
      });
      return Promise.resolve(encode(listMessages(describePayload(id, `${digest}`), "xfer-changes", objects)));
    },
  };
}

function encode(messages: Iterable<Message>): Parts {
  return [ENCODER.encode(frameTexts(messages, EVENTS))];
}
