/** Limits of an `Admission`. */
export interface AdmissionLimits {
  /** Payload bytes that may be on their way to clients at one time. One payload alone may be larger. */
  maxBytes: number;
  /** How many requests may wait for their turn. @default {1000} */
  maxWaiting?: number;
  /** How long a request may wait: ms. @default {10_000} */
  maxWait?: number;
}

/** Longest time that a large document waits for its turn. Below half a minute, after which many load balancers give up on a request. @limit ms: the request is answered 503 with `Retry-After` */
const MAX_WAIT = 10_000;

/** Most large documents that wait for their turn. Each costs a few KB. Those turned away come back with a delay of their own. @limit requests: the request is answered 503 with `Retry-After` */
const MAX_WAITING = 1000;

interface Waiting {
  bytes: number;
  admit: () => void;
}

/**
 * Lets large payloads go out a few at a time: when every client comes back at once (after a restart, after a network
 * outage), each payload on its way takes memory for the socket's buffers, and all of them together could be too much.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;

  /**
   * Makes an admission with nothing on its way.
   *
   * @param limits How much may be on its way, and how many may wait.
   */
  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /**
   * Waits until a payload may be sent.
   *
   * @param bytes Size of the payload.
   * @returns To be called once the payload has been sent, or its client is gone; `undefined` when too many wait already or
   * it took too long: then the client should come back later.
   */
  async enter(bytes: number): Promise<(() => void) | undefined> {
    const { maxWaiting = MAX_WAITING, maxWait = MAX_WAIT } = this.#limits;
    if (this.#waiting.size > 0 || !this.#fits(bytes)) {
      if (this.#waiting.size >= maxWaiting) return undefined;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const waiting: Waiting = { bytes, admit: () => resolve(true) };
      this.#waiting.add(waiting);
      const timer = setTimeout(() => {
        resolve(!this.#waiting.delete(waiting));
        this.#admitNext();
      }, maxWait);
      const isAdmitted = await promise;
      clearTimeout(timer);
      if (!isAdmitted) return undefined;
    } else {
      this.#bytes += bytes;
    }
    let isInside = true;
    return () => {
      if (isInside) this.#leave(bytes);
      isInside = false;
    };
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#limits.maxBytes;
  }

  #leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#admitNext();
  }

  #admitNext(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) return;
      this.#waiting.delete(waiting);
      this.#bytes += waiting.bytes;
      waiting.admit();
    }
  }
}
