import type { Payload, Snapshot } from "../store/mod.ts";

/** What a stream carries: how it begins, and what brings it from one state of its environment to another. */
export interface Channel {
  /**
   * Gives the event that a new stream begins with.
   *
   * @param snapshot What the environment serves.
   * @returns The event's bytes.
   */
  begin(snapshot: Snapshot): Uint8Array | Promise<Uint8Array>;
  /**
   * Gives what brings a stream up to date.
   *
   * @param before What the stream was last brought to.
   * @param after What the environment serves now.
   * @returns Bytes of one or more events; `undefined` when the stream need not be told anything.
   */
  update(before: Snapshot, after: Snapshot): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

function payloadChannel(payloadOf: (snapshot: Snapshot) => Payload): Channel {
  return {
    begin: (snapshot) => payloadOf(snapshot).put,
    update: (before, after) => payloadOf(before) === payloadOf(after) ? undefined : payloadOf(after).put,
  };
}

/** Flags and segments, for server-side SDKs: `/all`. */
export const ALL_CHANNEL: Channel = payloadChannel((snapshot) => snapshot.all);

/** Flags alone, for old server-side SDKs: `/flags`. */
export const FLAGS_CHANNEL: Channel = payloadChannel((snapshot) => snapshot.flags);

/** The Relay Proxy's wire: the data is one blank. */
const PING = new TextEncoder().encode("event: ping\ndata:  \n\n");

/** Tells clients to poll, at the beginning and after each change: `/ping` and `/mping`. */
export const PING_CHANNEL: Channel = {
  begin: () => PING,
  update: (before, after) => before.all === after.all ? undefined : PING,
};
