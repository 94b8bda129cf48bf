import type { Admission } from "./admission.ts";
import { Outbox } from "./outbox.ts";

/**
 * Sends large documents to clients that poll: when there is room, and piece by piece, so that each counts until it has been
 * taken. Keeps a timer until `close`.
 */
export class Deliveries {
  readonly #admission: Admission;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What is on its way, and what to do when it has arrived or its client is gone. */
  readonly #underWay = new Map<Outbox, () => void>();

  /**
   * Makes one with nothing on its way.
   *
   * @param admission Bounds what is on its way.
   * @param stallDeadline How long a reader may take for the next 64 KiB: ms.
   */
  constructor(admission: Admission, stallDeadline: number) {
    this.#admission = admission;
    this.#timer = setInterval(() => this.#closeStalled(stallDeadline), stallDeadline / 4);
  }

  /**
   * Sends a document.
   *
   * @param bytes The document. Not copied: do not change it.
   * @returns The response's body; `undefined` when there was no room for too long, and the client should come back later.
   */
  async send(bytes: Uint8Array<ArrayBuffer>): Promise<ReadableStream<Uint8Array> | undefined> {
    const leave = await this.#admission.enter(bytes.length);
    if (!leave) return undefined;
    const finish = (): void => {
      leave();
      this.#underWay.delete(outbox);
    };
    const outbox = new Outbox(() => {
      finish();
      outbox.close();
    }, finish);
    this.#underWay.set(outbox, finish);
    outbox.write([bytes]);
    return outbox.body;
  }

  /** Stops the timer; what is on its way goes on. */
  close(): void {
    clearInterval(this.#timer);
  }

  #closeStalled(deadline: number): void {
    for (const [outbox, finish] of this.#underWay) {
      if (!outbox.isStalled(deadline)) continue;
      finish();
      outbox.close();
    }
  }
}
