import { type Audience, type Evaluation, EvaluationLimitError } from "../evaluation/mod.ts";
import {
  type Channel,
  ChannelEndError,
  createDeltaChannel,
  type Delta,
  type DeltaChange,
} from "../delivery/mod.ts";
import type { Context } from "../model/mod.ts";
import { compareSnapshots, getTombstoneVersion, oncePerPair, type Snapshot } from "../snapshot/mod.ts";
import { createPause, lengthOf, type Parts, type Pause } from "../wire/mod.ts";
import { type ContextSource, readAgain } from "./context_request.ts";
import type { Evaluations } from "./evaluations.ts";

/** Change of what one flag gives a context. */
export interface ClientChange extends DeltaChange {
  /** What it gave; absent if the client did not see it. */
  before?: Evaluation;
  /** What it gives; absent if the client does not see it any more. */
  after?: Evaluation;
}

/** Form in which the streams of a protocol carry what flags give a context. */
export interface ClientForm {
  /**
   * Evaluates and encodes everything.
   *
   * @param snapshot What the environment serves.
   * @param context The context.
   * @param turn The turn in which that is done. @default {it waits for one}
   * @returns The events.
   */
  put(snapshot: Snapshot, context: Context, turn?: Pause): Promise<Parts>;
  /** Writes what one flag gives, to find out whether that has changed. */
  format(evaluation: Evaluation): string;
  /**
   * Encodes changes.
   *
   * @param changes The changes.
   * @param after Version that they lead to.
   * @param pause Called between changes.
   * @returns The events.
   */
  encode(changes: readonly ClientChange[], after: Snapshot, pause: Pause): Promise<Parts>;
}

/** A client's request for a stream. */
export interface ClientStream {
  /** Its context. */
  context: Context;
  /** The same as received. */
  source: ContextSource;
  /** Who it is. */
  audience: Audience;
  /** Form in which it gets what flags give. */
  form: ClientForm;
  /** The turn in which the stream is opened. @default {it waits for one} */
  turn?: Pause;
}

/**
 * Prepares the channels of streams that carry what flags give one context. A channel keeps its context as it came.
 *
 * @param evaluations Evaluates.
 * @returns Makes the channel of one stream. Which flags a reload may have changed is found out once for all of them.
 */
export function prepareClientChannels(evaluations: Evaluations): (stream: ClientStream) => Channel {
  const listAffected = oncePerPair(async (before, after) => {
    const pause = createPause();
    return await (await compareSnapshots(before, after, pause)).findAffectedFlags();
  });

  return ({ context, source, audience, form, turn: firstTurn }) => {
    // What a stream begins with is nearly always made at once, so it need not be parsed for that, nor wait.
    let parsed: Context | undefined = context;
    let turn = firstTurn;

    function takeContext(): Context {
      const context = parsed ?? readAgain(source);
      parsed = undefined;
      return context;
    }

    function takeTurn(): Pause | undefined {
      const current = turn;
      turn = undefined;
      return current;
    }

    function put(snapshot: Snapshot): Promise<Parts> {
      return orEnd(() => form.put(snapshot, takeContext(), takeTurn()));
    }

    async function compare(before: Snapshot, after: Snapshot): Promise<Delta> {
      const affected = await listAffected(before, after);
      const context = takeContext();
      const evaluateBefore = await evaluations.begin(before, context, audience);
      const evaluateAfter = await evaluations.begin(after, context, audience);
      const changes: ClientChange[] = [];
      for (const key of affected) {
        const [old, now] = [await evaluateBefore(key), await evaluateAfter(key)];
        if ((old && form.format(old)) === (now && form.format(now))) continue;
        changes.push({
          kind: "flags",
          key,
          isGone: !now,
          version: now?.flag.version ??
            getTombstoneVersion(old!.flag.version, after.find("flags", key)?.version),
          ...old && { before: old, previous: old.flag.version },
          ...now && { after: now },
        });
      }
      const pause = createPause();
      async function encode(): Promise<Parts | undefined> {
        const events = await form.encode(changes, after, pause);
        // Only to learn that a `put` is shorter, everything is evaluated where that may well be so.
        const isLarge = 2 * changes.length > after.flagCount;
        return isLarge && lengthOf(await put(after)) < lengthOf(events) ? undefined : events;
      }
      return { changes, encode };
    }

    const channel = createDeltaChannel({
      put,
      compare: (before, after) => orEnd(() => compare(before, after)),
    });
    return { ...channel, isPrivate: true, keptBytes: source.length };
  };
}

/** What has reached a limit has been logged: it ends the stream. */
async function orEnd<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof EvaluationLimitError ? new ChannelEndError(error.message) : error;
  }
}
