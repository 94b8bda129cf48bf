import {
  type Change,
  compareSnapshots,
  encodeChanges,
  isTaken,
  oncePerPair,
  type Snapshot,
} from "../snapshot/mod.ts";
import { createPause, encodeEvent, type Parts } from "../wire/mod.ts";

/** Protocol of one stream: its first event, and the events that bring it from one version of its environment to another. */
export interface Channel {
  /**
   * Creates the event that a stream begins with. It is complete, so it may also be sent in place of an update.
   *
   * @param snapshot Version that the environment has.
   * @returns The event's bytes.
   */
  begin(snapshot: Snapshot): Parts | Promise<Parts>;
  /**
   * Creates the events that bring a stream up to date. They must be sent, and the next call must wait for it.
   *
   * @param before Version that the stream was last brought to.
   * @param after Version that the environment has now.
   * @returns Bytes of one or more events; `undefined` when there is nothing to send.
   * @throws {ChannelEndError} When the stream is to be closed.
   */
  update(before: Snapshot, after: Snapshot): Parts | undefined | Promise<Parts | undefined>;
  /** Whether an update makes the client poll, so that updates are spread over time. @default {false} */
  isSpread?: boolean;
  /** Whether its events are created for one client, so that they need memory of their own. @default {false} */
  isPrivate?: boolean;
  /** Last event, where the relay closes the stream because it shuts down. @default {none} */
  farewell?: Parts;
  /** Size of the client's context as the channel keeps it: bytes of UTF-8. @default {0} */
  keptBytes?: number;
}

/** Error of a channel that has nothing more to carry, for a reason that has been logged: its stream is closed. */
export class ChannelEndError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "ChannelEndError";
}

/** A change to send to a stream's client. */
export interface DeltaChange extends Pick<Change, "kind" | "key" | "version" | "previous"> {
  /** Whether the item is gone: `version` is that of a tombstone. */
  isGone: boolean;
}

/** The difference of two versions for a stream, change by change. */
export interface Delta {
  /** Changes that the stream's client can see. */
  changes: DeltaChange[];
  /**
   * Encodes a `patch` or `delete` for each change.
   *
   * @param hasDeleted Whether the client then has been told of a deletion since its last `put`.
   * @returns The events, or `undefined` when one `put` of everything is shorter.
   */
  encode(hasDeleted: boolean): Promise<Parts | undefined>;
}

/** Source of the events of a channel with deltas. */
export interface DeltaSource {
  /** Creates the complete `put`. */
  put: Channel["begin"];
  /** Compares two versions. */
  compare(before: Snapshot, after: Snapshot): Promise<Delta>;
}

/**
 * Creates the channel of one stream whose client keeps a version with each item, ignores an update of it that does not have a
 * higher one, and remembers the version of a deleted item.
 *
 * A change that such a client would ignore, such as a rollback, turns the update into one `put`, after which the client has
 * forgotten everything before, deletions included.
 *
 * @param source Source of its events.
 * @returns The channel, for one stream only: it keeps track of the client's state.
 */
export function createDeltaChannel({ put, compare }: DeltaSource): Channel {
  let tombstones: Map<string, number> | undefined;

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
      const isTold = changes.every((change) =>
        isTaken(change, tombstones?.get(`${change.kind}/${change.key}`))
      );
      const hasDeleted = tombstones !== undefined || changes.some(({ isGone }) => isGone);
      const events = isTold ? await encode(hasDeleted) : undefined;
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
 * @returns Function that creates the channel of one stream. Events are encoded once for all of them.
 */
export function prepareServerChannels(kind: "all" | "flags"): () => Channel {
  const compare = oncePerPair(async (before, after): Promise<Delta> => {
    const pause = createPause();
    const { changes: all } = await compareSnapshots(before, after, pause);
    const changes = all.filter((change) => kind === "all" || change.kind === kind);
    let events: Promise<Parts | undefined> | undefined;
    function encode(): Promise<Parts | undefined> {
      return events ??= encodeChanges(changes, after, kind, pause);
    }
    return { changes: changes.map((change) => ({ ...change, isGone: !change.body })), encode };
  });
  return () => createDeltaChannel({ put: (snapshot) => snapshot[kind].put, compare });
}

/** The ping with the Relay Proxy's bytes: its data is one space. */
const PING: Parts = encodeEvent("ping", " ");

/**
 * Channel that makes clients poll, at the beginning and after each change: `/ping` and `/mping`. It serves any number of streams.
 */
export const PING_CHANNEL: Channel = {
  begin: () => PING,
  update: (before, after) => before.hasSameData(after) ? undefined : PING,
  isSpread: true,
};
