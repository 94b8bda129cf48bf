/** Limits of a {@linkcode Budget}. */
export interface BudgetLimits {
  /** Maximum number of bytes charged at one time. A single charge may be larger: it is granted when there is no other. */
  maxBytes: number;
  /** Maximum number of requests that wait for room. @default {1000} */
  maxWaiting?: number;
  /** Maximum wait of each: ms. @default {10_000} */
  maxWait?: number;
  /** Called when a request begins to wait, to make room by other means. @default {nothing} */
  onShort?: (budget: Budget) => void;
}

/**
 * Longest time that a request waits for memory. Below half a minute, after which many load balancers give up on a request.
 *
 * @limit ms: the request is answered 503 with `Retry-After`, the stream is closed
 */
const MAX_WAIT = 10_000;

/**
 * Maximum number of requests that wait for memory, for each kind of credential. Each costs a few KB. Those turned away come back
 * with a delay of their own.
 *
 * @limit requests: the request is answered 503 with `Retry-After`, the stream is closed
 */
const MAX_WAITING = 1000;

/** Bytes that are charged to a {@linkcode Budget} until they are released. */
export class Charge {
  /** Its budget; absent for a free charge. */
  readonly budget: Budget | undefined;
  readonly #onResize: (difference: number) => void;
  #bytes = 0;

  /**
   * Creates a charge of no bytes. Use {@linkcode Budget.take} instead.
   *
   * @param budget The budget.
   * @param onResize Called with the difference when the size changes.
   */
  constructor(budget?: Budget, onResize: (difference: number) => void = () => {}) {
    this.budget = budget;
    this.#onResize = onResize;
  }

  /**
   * Corrects the number of charged bytes, now that it is known.
   *
   * @param bytes The right number. It is charged even if it no longer fits.
   */
  resize(bytes: number): void {
    const difference = bytes - this.#bytes;
    this.#bytes = bytes;
    this.#onResize(difference);
  }

  /** Releases the bytes; does nothing the second time. */
  release(): void {
    this.resize(0);
  }
}

interface Waiting {
  bytes: number;
  admit: () => void;
}

/**
 * Bound on the memory that one kind of client may use. Requests that find no room wait; of those that fit, the first come is served
 * first.
 */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;

  /**
   * Creates a budget without charges.
   *
   * @param limits Maximum number of charged bytes and of waiting requests.
   */
  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Number of bytes charged now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of bytes to be released before the first in line is served; 0 when nobody waits. */
  get shortage(): number {
    const [first] = this.#waiting;
    return first ? Math.min(this.#bytes, this.#bytes + first.bytes - this.#limits.maxBytes) : 0;
  }

  /**
   * Charges bytes if there is room for them. Small requests overtake large ones that wait.
   *
   * @param bytes Number of bytes.
   * @returns The charge; `undefined` when there is no room.
   */
  tryTake(bytes: number): Charge | undefined {
    return this.#fits(bytes) ? this.#charge(bytes) : undefined;
  }

  /**
   * Charges bytes as soon as there is room for them.
   *
   * @param bytes Number of bytes.
   * @returns The charge; `undefined` when too many wait already or it took too long: the client should come back later.
   */
  async take(bytes: number): Promise<Charge | undefined> {
    const charge = this.tryTake(bytes);
    const { maxWaiting = MAX_WAITING, maxWait = MAX_WAIT, onShort } = this.#limits;
    if (charge || this.#waiting.size >= maxWaiting) return charge;
    const { promise, resolve } = Promise.withResolvers<Charge | undefined>();
    const waiting: Waiting = { bytes, admit: () => resolve(this.#charge(bytes)) };
    this.#waiting.add(waiting);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      resolve(undefined);
      this.#admitNext();
    }, maxWait);
    onShort?.(this);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#limits.maxBytes;
  }

  #charge(bytes: number): Charge {
    const charge = new Charge(this, (difference) => {
      this.#bytes += difference;
      if (difference < 0) this.#admitNext();
    });
    charge.resize(bytes);
    return charge;
  }

  #admitNext(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) continue;
      this.#waiting.delete(waiting);
      waiting.admit();
    }
  }
}
