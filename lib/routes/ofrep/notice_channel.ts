import { type Audience, isVisibleIn } from "../../evaluation/mod.ts";
import { type Channel } from "../../delivery/mod.ts";
import { compareSnapshots, oncePerPair, type Snapshot } from "../../snapshot/mod.ts";
import { createPause, encodeEvent, type Parts } from "../../wire/mod.ts";

/** Notice that flags may have changed: the client asks for all of them again. */
const NOTICE: Parts = encodeEvent("message", '{"type":"refetchEvaluation"}');

/** Begins a stream to whose client there is nothing to tell: a comment. */
const GREETING: Parts = [new TextEncoder().encode(":\n\n")];

/** Length of a version: characters of the snapshot's digest. */
const VERSION_LENGTH = 12;

/**
 * Returns the version by which a client says what it has seen.
 *
 * @param snapshot What it gets.
 * @returns Part of the digest.
 */
export function versionOf({ digest }: Snapshot): string {
  return digest.slice(0, VERSION_LENGTH);
}

/**
 * Prepares the channels of streams that tell their clients when to evaluate again: once for each version of the environment in which
 * a flag that their kind of client sees may give another value. Which ones do is found out once for all streams.
 *
 * @returns Creates the channel of one stream, for an audience and the version that its client has seen.
 */
export function prepareNoticeChannels(): (audience: Audience, seen: string | null) => Channel {
  const listAudiences = oncePerPair(async (before, after): Promise<ReadonlySet<Audience>> => {
    const pause = createPause();
    const affected = await (await compareSnapshots(before, after, pause)).findAffectedFlags();
    const environments = [await before.compile(pause), await after.compile(pause)];
    const audiences = new Set<Audience>();
    for (const key of affected) {
      for (const audience of ["environmentId", "mobile", "server"] as const) {
        if (environments.some((environment) => isVisibleIn(environment, key, audience))) {
          audiences.add(audience);
        }
      }
      await pause();
    }
    return audiences;
  });
  return (audience, seen) => {
    let hasBegun = false;
    return {
      // What has changed between the client's last request and this one would else stay unknown to it.
      begin(snapshot) {
        const isUpToDate = !hasBegun && seen === versionOf(snapshot);
        hasBegun = true;
        return isUpToDate ? GREETING : NOTICE;
      },
      async update(before, after) {
        if (before.hasSameData(after)) return undefined;
        return (await listAudiences(before, after)).has(audience) ? NOTICE : undefined;
      },
      isSpread: true,
    };
  };
}
