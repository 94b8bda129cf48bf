import { EvaluationLimitError, type OutputOptions } from "../../evaluation/mod.ts";
import type { Context } from "../../model/mod.ts";
import { compareSnapshots, getTombstoneVersion, oncePerPair, type Snapshot } from "../../snapshot/mod.ts";
import { createPause, encodeEvent, encodeEvents, lengthOf, type Parts } from "../../wire/mod.ts";
import {
  type Channel,
  ChannelEndError,
  createDeltaChannel,
  type Delta,
  type DeltaChange,
} from "../../delivery/mod.ts";
import type { Evaluations } from "../mod.ts";

/**
 * Prepares the channels of streams that carry what flags give one context.
 *
 * @param evaluations Evaluates.
 * @returns Makes the channel of one stream. Which flags a reload may have changed is found out once for all of them.
 */
export function prepareClientChannels(
  evaluations: Evaluations,
): (context: Context, options: OutputOptions) => Channel {
  const listAffected = oncePerPair(async (before, after) => {
    const pause = createPause();
    return await (await compareSnapshots(before, after, pause)).findAffectedFlags();
  });

  return (context, options) => {
    async function put(snapshot: Snapshot): Promise<Parts> {
      return encodeEvent("put", await evaluations.evaluateAll(snapshot, context, options));
    }

    async function compare(before: Snapshot, after: Snapshot): Promise<Delta> {
      const evaluateBefore = await evaluations.begin(before, context, options);
      const evaluateAfter = await evaluations.begin(after, context, options);
      const changes: ClientChange[] = [];
      for (const key of await listAffected(before, after)) {
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

    function estimate({ flags }: Snapshot): number {
      return flags.body.length;
    }

    const channel = createDeltaChannel({ estimate, put, compare });

    async function update(before: Snapshot, after: Snapshot): Promise<Parts | undefined> {
      try {
        return await channel.update(before, after);
      } catch (error) {
        throw error instanceof EvaluationLimitError ? new ChannelEndError(error.message) : error;
      }
    }

    return { ...channel, update };
  };
}

/** What one flag gives a context now. */
interface ClientChange extends DeltaChange {
  text?: string;
}

function formatChange({ key, text, version }: ClientChange): [event: string, data: string] {
  const id = `{"key":${JSON.stringify(key)},`;
  return text === undefined ? ["delete", `${id}"version":${version}}`] : ["patch", id + text.slice(1)];
}
