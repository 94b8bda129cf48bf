import { encodeEvents, lengthOf, type Parts, type Pause } from "../wire/mod.ts";
import type { Change } from "./diff.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Reports whether a client takes a change: one that keeps a version with each item ignores what does not have a higher one.
 *
 * @param change Version of the item, and the one before if the client has the item.
 * @param tombstone Version of the item's deletion, if the client remembers one.
 * @returns Whether it does.
 */
export function isTaken(
  { version, previous }: Pick<Change, "version" | "previous">,
  tombstone: number | undefined,
): boolean {
  return version > (previous ?? tombstone ?? -Infinity);
}

/**
 * Encodes a `patch` or `delete` of server-side streams for each change.
 *
 * @param changes The changes.
 * @param after Version that they lead to.
 * @param document `all` for flags and segments; `flags` for flags alone.
 * @param pause Called between events.
 * @returns The events, or `undefined` when one `put` of everything is shorter.
 */
export function encodeChanges(
  changes: readonly Change[],
  after: Snapshot,
  document: "all" | "flags",
  pause: Pause,
): Promise<Parts | undefined> {
  const events = changes.values().map((change) => formatChange(change, document));
  return encodeEvents(events, lengthOf(after[document].put), pause);
}

function formatChange(change: Change, document: "all" | "flags"): [event: string, data: string | Parts] {
  const { kind, key, body, version } = change;
  const path = JSON.stringify(document === "all" ? `/${kind}/${key}` : `/${key}`);
  if (!body) return ["delete", `{"path":${path},"version":${version}}`];
  return ["patch", [ENCODER.encode(`{"path":${path},"data":`), body, CLOSING_BRACE]];
}

const ENCODER = new TextEncoder();
const CLOSING_BRACE = ENCODER.encode("}");
