import { EvaluationLimitError, type OutputOptions } from "../../evaluation/mod.ts";
import type { Context } from "../../model/mod.ts";
import { compareSnapshots, getTombstoneVersion, oncePerPair, type Snapshot } from "../../snapshot/mod.ts";
import { createPause, encodeEvent, encodeEvents, lengthOf, type Parts, type Pause } from "../../wire/mod.ts";
import {
  type Channel,
  ChannelEndError,
  createDeltaChannel,
  type Delta,
  type DeltaChange,
} from "../../delivery/mod.ts";
import type { Evaluations } from "../mod.ts";
import { type ContextRequest, readAgain } from "./context_request.ts";

/** A client's request for a stream. */
export interface ChannelRequest extends Pick<ContextRequest, "context" | "source"> {
  /** The turn in which it is opened. @default {it waits for one} */
  turn?: Pause;
}

/**
 * Prepares the channels of streams that carry what flags give one context. A channel keeps its context as it came.
 *
 * @param evaluations Evaluates.
 * @returns Makes the channel of one stream. Which flags a reload may have changed is found out once for all of them.
 */
export function prepareClientChannels(
  evaluations: Evaluations,
): (asked: ChannelRequest, options: OutputOptions) => Channel {
  const listAffected = oncePerPair(async (before, after) => {
    const pause = createPause();
    return await (await compareSnapshots(before, after, pause)).findAffectedFlags();
  });

  return ({ context, source, turn: firstTurn }, options) => {
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

    /** Encodes in one go: what many streams had half encoded at one time would be charged to nobody. */
    function put(snapshot: Snapshot): Promise<Parts> {
      return orEnd(async () =>
        encodeEvent("put", (await evaluations.evaluateAll(snapshot, takeContext(), options, takeTurn())).text)
      );
    }

    async function compare(before: Snapshot, after: Snapshot): Promise<Delta> {
      const affected = await listAffected(before, after);
      const context = takeContext();
      const evaluateBefore = await evaluations.begin(before, context, options);
      const evaluateAfter = await evaluations.begin(after, context, options);
      const changes: ClientChange[] = [];
      for (const key of affected) {
        const [old, now] = [await evaluateBefore(key), await evaluateAfter(key)];
        if (old?.text !== now?.text) {
          changes.push({
            kind: "flags",
            key,
            isGone: !now,
            ...old && { previous: old.version },
            ...now
              ? { version: now.version, text: now.text }
              : { version: getTombstoneVersion(old!.version, after.find("flags", key)?.version) },
          });
        }
      }
      const pause = createPause();
      async function encode(): Promise<Parts | undefined> {
        // Only to learn that a `put` is shorter, everything is evaluated where that may well be so.
        const isLarge = 2 * changes.length > after.flagCount;
        const maxBytes = isLarge ? lengthOf(await put(after)) : Infinity;
        return await encodeEvents(changes.values().map(formatChange), maxBytes, pause);
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

/** What one flag gives a context now. */
interface ClientChange extends DeltaChange {
  text?: string;
}

function formatChange({ key, text, version }: ClientChange): [event: string, data: string] {
  const id = `{"key":${JSON.stringify(key)},`;
  return text === undefined ? ["delete", `${id}"version":${version}}`] : ["patch", id + text.slice(1)];
}
