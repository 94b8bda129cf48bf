import { type Change, compareSnapshots, oncePerPair, type Snapshot } from "../snapshot/mod.ts";
import { createPause, encodeEvent, encodeEvents, lengthOf, type Parts } from "../wire/mod.ts";

/** What one stream carries: how it begins, and what brings it from one state of its environment to another. */
export interface Channel {
  /**
   * Gives the event that a stream begins with. It says everything, so it may also be sent in the place of an update.
   *
   * @param snapshot What the environment serves.
   * @returns The event's bytes.
   */
  begin(snapshot: Snapshot): Parts | Promise<Parts>;
  /**
   * Gives what brings a stream up to date. It must be sent, and the next call must wait for it.
   *
   * @param before What the stream was last brought to.
   * @param after What the environment serves now.
   * @returns Bytes of one or more events; `undefined` when the stream need not be told anything.
   * @throws {ChannelEndError} When the stream is to be closed.
   */
  update(before: Snapshot, after: Snapshot): Parts | undefined | Promise<Parts | undefined>;
  /** Whether an update makes the client poll, so that all of them at once would be a herd. @default {false} */
  isSpread?: boolean;
  /** Whether what it carries is made for one client, so that it takes memory of its own. @default {false} */
  isPrivate?: boolean;
  /** How much the channel keeps of its client's context: bytes of UTF-8. @default {0} */
  keptBytes?: number;
}

/** A channel has nothing more to carry, for a reason that has been logged: its stream is closed. */
export class ChannelEndError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "ChannelEndError";
}

/** What a stream's client must take, or forget, of one change. */
export interface DeltaChange extends Pick<Change, "kind" | "key" | "version" | "previous"> {
  /** Whether it is gone: `version` is that of a tombstone. */
  isGone: boolean;
}

/** How a stream is told of changes one by one. */
export interface Delta {
  /** What has changed for this stream. */
  changes: DeltaChange[];
  /**
   * Encodes a `patch` or `delete` for each change.
   *
   * @returns The events, or `undefined` when one `put` of everything is shorter.
   */
  encode(): Promise<Parts | undefined>;
}

/** What a channel with deltas carries. */
export interface DeltaSource {
  /** Makes the `put` that says everything. */
  put: Channel["begin"];
  /** Finds what has changed. */
  compare(before: Snapshot, after: Snapshot): Promise<Delta>;
}

/**
 * Makes the channel of one stream whose client keeps a version with each thing it is told of, takes nothing about it that
 * does not have a higher one, and remembers the version of what it was told to delete.
 *
 * A change that such a client would not take, such as a rollback, makes it one `put`, after which the client has
 * forgotten all it knew, deletions included.
 *
 * @param source What it carries.
 * @returns The channel, for one stream only: it knows what its client remembers.
 */
export function createDeltaChannel({ put, compare }: DeltaSource): Channel {
  let tombstones: Map<string, number> | undefined;

  function isTaken({ kind, key, version, previous }: DeltaChange): boolean {
    return version > (previous ?? tombstones?.get(`${kind}/${key}`) ?? -Infinity);
  }

  function remember({ kind, key, isGone, version }: DeltaChange): void {
    if (isGone) (tombstones ??= new Map()).set(`${kind}/${key}`, version);
  }

  function begin(snapshot: Snapshot): ReturnType<Channel["begin"]> {
    tombstones = undefined;
    return put(snapshot);
  }

  return {
    begin,
    async update(before, after) {
      if (before.hasSameData(after)) return undefined;
      const { changes, encode } = await compare(before, after);
      if (changes.length === 0) return undefined;
      const events = changes.every(isTaken) ? await encode() : undefined;
      if (!events) return begin(after);
      changes.forEach(remember);
      return events;
    },
  };
}

/**
 * Prepares the channels of server-side SDKs.
 *
 * @param kind `all` for flags and segments; `flags` for flags alone, as old SDKs want them.
 * @returns Makes the channel of one stream. Events are encoded once for all of them.
 */
export function prepareServerChannels(kind: "all" | "flags"): () => Channel {
  const compare = oncePerPair(async (before, after): Promise<Delta> => {
    const pause = createPause();
    const { changes: all } = await compareSnapshots(before, after, pause);
    const changes = all.filter((change) => kind === "all" || change.kind === kind);
    let events: Promise<Parts | undefined> | undefined;
    function encode(): Promise<Parts | undefined> {
      return events ??= encodeEvents(
        changes.values().map((change) => formatChange(change, kind)),
        lengthOf(after[kind].put),
        pause,
      );
    }
    return { changes: changes.map((change) => ({ ...change, isGone: !change.body })), encode };
  });
  return () => createDeltaChannel({ put: (snapshot) => snapshot[kind].put, compare });
}

function formatChange(change: Change, channel: "all" | "flags"): [event: string, data: string | Parts] {
  const { kind, key, body, version } = change;
  const path = JSON.stringify(channel === "all" ? `/${kind}/${key}` : `/${key}`);
  if (!body) return ["delete", `{"path":${path},"version":${version}}`];
  return ["patch", [ENCODER.encode(`{"path":${path},"data":`), body, CLOSING_BRACE]];
}

const ENCODER = new TextEncoder();
const CLOSING_BRACE = ENCODER.encode("}");

/** The Relay Proxy's wire: the data is one blank. */
const PING: Parts = encodeEvent("ping", " ");

/** Tells clients to poll, at the beginning and after each change: `/ping` and `/mping`. It serves any number of streams. */
export const PING_CHANNEL: Channel = {
  begin: () => PING,
  update: (before, after) => before.hasSameData(after) ? undefined : PING,
  isSpread: true,
};
