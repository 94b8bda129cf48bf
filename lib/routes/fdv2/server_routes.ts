import { createDeltaChannel, type Delivery, type Delta } from "../../delivery/mod.ts";
import {
  type EnvironmentContext,
  type EnvironmentRoute,
  respondWithDocument,
  respondWithStream,
  SDK_KEY,
} from "../../http/mod.ts";
import { compareSnapshots, type Document, oncePerPair } from "../../snapshot/mod.ts";
import { createPause, lengthOf, type Parts } from "../../wire/mod.ts";
import { readBasis } from "./basis.ts";
import { SnapshotTransfers } from "./snapshot_transfers.ts";
import { EVENTS, formatChange, frame, GOODBYE, listMessages } from "./transfer.ts";

/**
 * Creates the routes of server-side SDKs: `/sdk/poll` and `/sdk/stream`.
 *
 * A poll whose `basis` is a version that is remembered gets what has changed since, any other one everything. A stream always begins
 * with everything, since SDKs repeat the basis of their first connection; then it carries changes where clients take them.
 *
 * @param delivery Delivery that holds streams and sends documents.
 * @returns The routes.
 */
export function serverRoutes(delivery: Delivery): EnvironmentRoute[] {
  const transfers = new SnapshotTransfers();

  const compare = oncePerPair(async (before, after): Promise<Delta> => {
    const pause = createPause();
    const { changes } = await compareSnapshots(before, after, pause);
    const events = new Map<boolean, Promise<Parts | undefined>>();
    async function encode(hasDeleted: boolean): Promise<Parts | undefined> {
      // Only to learn that all is shorter, it is encoded where that may well be so.
      const isLarge = 2 * changes.length > after.items.count;
      const maxBytes = isLarge ? lengthOf(await transfers.encodeAll(after)) : Infinity;
      const payload = transfers.describe(after, hasDeleted);
      const messages = listMessages(payload, "xfer-changes", changes.map(formatChange));
      return await frame(messages, EVENTS, { maxBytes, pause });
    }
    return {
      changes: changes.map((change) => ({ ...change, isGone: !change.body })),
      encode: (hasDeleted) => events.getOrInsertComputed(hasDeleted, encode),
    };
  });

  async function poll(request: Request, context: EnvironmentContext): Promise<Response> {
    const document: Document = await transfers.getDocument(context.snapshot, readBasis(context.query));
    return await respondWithDocument(delivery, request, context, document);
  }

  return [
    { method: "GET", path: "/sdk/poll", access: [SDK_KEY], handle: poll },
    {
      method: "GET",
      path: "/sdk/stream",
      access: [SDK_KEY],
      handle: (request, context) => {
        const put = transfers.encodeAll.bind(transfers);
        const channel = { ...createDeltaChannel({ put, compare }), farewell: GOODBYE };
        return respondWithStream(delivery, request, context, { channel });
      },
    },
  ];
}
