import {
  type ClientVersion,
  type Document,
  findChangesSince,
  LazyDocument,
  type PastItem,
  type Snapshot,
} from "../../snapshot/mod.ts";
import { createPause, cutIntoPieces, formatEtag, lengthOf, type Parts } from "../../wire/mod.ts";
import {
  describePayload,
  DOCUMENT,
  EVENTS,
  formatChange,
  frame,
  type IntentCode,
  listMessages,
  listObjects,
  type Message,
  type Payload,
} from "./transfer.ts";

/** Position of the snapshot itself among its versions. */
const CURRENT = -1;

/** Forms of one snapshot. */
interface Forms {
  payload: Payload;
  /** What a client has, by its state; the position of a past version, or -1 for the snapshot itself. */
  bases: ReadonlyMap<string, ClientVersion>;
  /** Events of all of it. */
  all?: Promise<Parts>;
  /** The same while it is cut into pieces. */
  cutting?: Promise<Parts> | undefined;
  /** The same in pieces, for as long as a stream has some of them left to read. */
  pieces?: WeakRef<Parts>;
  /** Documents of polls, by the basis that they are for; `null` for those of all. */
  documents: Map<string | null, Promise<Document>>;
}

/** Transfers of snapshots to server-side SDKs: each form is created on first use, and shared by all clients for as long as its data is in use. */
export class SnapshotTransfers {
  /** By items: a reload that changes only the metadata makes another snapshot of the same ones. */
  readonly #forms = new WeakMap<Snapshot["items"], Forms>();

  /**
   * Describes a snapshot as a payload.
   *
   * @param snapshot The snapshot.
   * @param hasDeleted Whether its client has been told of deletions on the way to it. @default {if it may have been told here}
   * @returns Identifier and selector.
   */
  describe({ metadata: { id }, digest, history }: Snapshot, hasDeleted = false): Payload {
    return describePayload(id, digest, hasDeleted || history.some(({ items }) => items.some(isRemoved)));
  }

  /**
   * Encodes all of a snapshot for a stream. It is made of views of the snapshot, and of what stands between them. To cut that into
   * pieces takes a copy, so all streams that read it at the same time share one.
   *
   * @param snapshot The snapshot.
   * @returns The events in pieces.
   */
  async encodeAll(snapshot: Snapshot): Promise<Parts> {
    const forms = this.#formsOf(snapshot);
    const all = await (forms.all ??= encode(
      listMessages(forms.payload, "xfer-full", listObjects(snapshot)),
      EVENTS,
    ));
    const pieces = forms.pieces?.deref();
    if (pieces) return pieces;
    return await (forms.cutting ??= cutIntoPieces(all, createPause()).then((pieces) => {
      forms.pieces = new WeakRef(pieces);
      forms.cutting = undefined;
      return pieces;
    }));
  }

  /**
   * Gets what a poll is answered with.
   *
   * @param snapshot The snapshot.
   * @param basis Selector of what the client has; `null` for nothing.
   * @returns The document: of nothing, of what has changed, or of all. Where the client has something else, it has no tag: some
   * SDKs send the one of their last poll, take 304 for no change, and may have got other data since by a stream.
   */
  async getDocument(snapshot: Snapshot, basis: string | null): Promise<Document> {
    const { payload, bases } = this.#formsOf(snapshot);
    const document = await this.#findDocument(snapshot, basis !== null && bases.has(basis) ? basis : null);
    if (basis === null || basis === payload.state) return document;
    return { parts: document.parts, gzip: () => document.gzip() };
  }

  #findDocument(snapshot: Snapshot, known: string | null): Promise<Document> {
    const { payload, bases, documents } = this.#formsOf(snapshot);
    return documents.getOrInsertComputed(known, async () => {
      const base = known === null ? undefined : bases.get(known)!;
      if (base?.position === CURRENT) return await createDocument(payload, "none");
      const changes = base && await findChangesSince(snapshot, base, createPause());
      if (!changes) return await createDocument(payload, "xfer-full", listObjects(snapshot));
      const hasDeleted = base.hasDeleted || changes.some(({ body }) => !body);
      const document = await createDocument(
        this.describe(snapshot, hasDeleted),
        "xfer-changes",
        changes.map(formatChange),
      );
      if (2 * changes.length <= snapshot.items.count) return document;
      const all = await this.#findDocument(snapshot, null);
      return lengthOf(document.parts) <= lengthOf(all.parts) ? document : all;
    });
  }

  #formsOf(snapshot: Snapshot): Forms {
    return this.#forms.getOrInsertComputed(snapshot.items, () => {
      const { metadata: { id }, digest, history } = snapshot;
      const bases = new Map<string, ClientVersion>();
      // The latest of those that are the same comes last, and counts.
      for (const [i, { digest: past }] of [{ digest }, ...history].entries().toArray().reverse()) {
        for (const hasDeleted of [false, true]) {
          bases.set(describePayload(id, past, hasDeleted).state, { position: i - 1, hasDeleted });
        }
      }
      return { payload: this.describe(snapshot), bases, documents: new Map() };
    });
  }
}

function isRemoved({ isRemoved }: PastItem): boolean {
  return isRemoved;
}

async function createDocument(
  payload: Payload,
  intentCode: IntentCode,
  objects?: Iterable<Message>,
): Promise<Document> {
  const parts = await encode(listMessages(payload, intentCode, objects), DOCUMENT);
  return new LazyDocument(parts, formatEtag(payload.state));
}

async function encode(messages: Iterable<Message>, framing: typeof EVENTS): Promise<Parts> {
  return (await frame(messages, framing, { pause: createPause() }))!;
}
