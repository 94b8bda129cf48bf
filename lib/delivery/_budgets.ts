import type { CredentialKind } from "../store/mod.ts";
import { PIECE_BYTES } from "../wire/mod.ts";
import { Budget, type BudgetLimits, Charge } from "./budget.ts";

/** Share of the memory for private bytes that each of the three kinds of credential has to itself. */
const KIND_SHARE = 1 / 3;

/** Share of a kind's memory that its streams may use for keeping contexts; the rest is for results. */
const CONTEXT_SHARE = 1 / 4;

/**
 * Size up to which a context is free: bytes. Real ones have a few hundred; `MAX_STREAMS` bounds them. So clients that send large
 * contexts never keep out those that send ordinary ones.
 */
const FREE_CONTEXT_BYTES = 4096;

/** A private value and its charge. */
export interface Charged<T> {
  /** The value. */
  made: T;
  /** Its charge, which must be released. */
  charge: Charge;
}

/** The steps that create a private value. */
export interface Making<T, F = T> {
  /** Creates the value, or a small first form of it. */
  make(): T | Promise<T>;
  /** Creates it again, when there was no room for it at first. @default {make} */
  remake?(): T | Promise<T>;
  /** Returns the length of the value, once it is finished: bytes. */
  measure(made: T): number;
  /** Finishes the value, once it has been charged. */
  finish(made: T): F | Promise<F>;
}

/**
 * Budgets for bytes that only one client gets, by kind of credential: a client-side ID is public, so nobody who knows one may use
 * up what mobile apps and servers need.
 */
export class Budgets {
  readonly #results: Record<CredentialKind, Budget>;
  readonly #contexts: Record<CredentialKind, Budget>;

  /**
   * Creates budgets without charges.
   *
   * @param limits Limits of all together, and a function to call when one is short.
   */
  constructor({ maxBytes, ...limits }: BudgetLimits) {
    const share = maxBytes * KIND_SHARE;
    function forEachKind(bytes: number): Record<CredentialKind, Budget> {
      const [sdk, mobile, environment] = [0, 1, 2].map(() => new Budget({ ...limits, maxBytes: bytes }));
      return { sdk: sdk!, mobile: mobile!, environment: environment! };
    }
    this.#results = forEachKind(share * (1 - CONTEXT_SHARE));
    this.#contexts = forEachKind(share * CONTEXT_SHARE);
  }

  /** Budgets for which clients can be cut off. */
  get results(): Budget[] {
    return Object.values(this.#results);
  }

  /**
   * Lists the bytes in use.
   *
   * @param note Called with each kind of credential, and the bytes that are charged to it.
   */
  forEachUsed(note: (kind: CredentialKind, bytes: number) => void): void {
    for (const kind of ["sdk", "mobile", "environment"] as const) {
      note(kind, this.#results[kind].bytes + this.#contexts[kind].bytes);
    }
  }

  /**
   * Charges a context without waiting: kept contexts may be kept for days.
   *
   * @param kind Kind of the credential that it came with.
   * @param bytes Its length: bytes of UTF-8.
   * @returns The charge; `undefined` when there is no room.
   */
  tryKeep(kind: CredentialKind, bytes: number): Charge | undefined {
    return bytes <= FREE_CONTEXT_BYTES ? new Charge() : this.#contexts[kind].tryTake(bytes);
  }

  /**
   * Creates a private value and charges it. Nothing is charged while it is being created, which may take long; if there is no room
   * then, it is dropped, and created again when there is. A value that fits into one piece is free, as every client has one.
   *
   * @param kind Kind of the credential of the client that gets it.
   * @param making Steps that create it.
   * @returns The value and its charge; `undefined` when there was no room for too long.
   */
  async make<T, F>(kind: CredentialKind, making: Making<T, F>): Promise<Charged<F> | undefined> {
    const budget = this.#results[kind];
    const first = await this.#tryMake(budget, making);
    if (typeof first !== "number") return first;
    const charge = await budget.take(first);
    return charge && await finish(charge, making, making.remake ?? making.make);
  }

  /** Creates a value if there is room for it. A function of its own, so that the caller keeps no value while it waits for room. */
  async #tryMake<T, F>(budget: Budget, making: Making<T, F>): Promise<Charged<F> | number> {
    const made = await making.make();
    const bytes = making.measure(made);
    const charge = bytes <= PIECE_BYTES ? new Charge() : budget.tryTake(bytes);
    return charge ? await finish(charge, making, () => made) : bytes;
  }
}

async function finish<T, F>(
  charge: Charge,
  { measure, finish }: Making<T, F>,
  make: Making<T, F>["make"],
): Promise<Charged<F>> {
  try {
    const made = await make();
    charge.resize(measure(made));
    return { made: await finish(made), charge };
  } catch (error) {
    charge.release();
    throw error;
  }
}
