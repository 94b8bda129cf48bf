import type { CredentialKind } from "../store/mod.ts";
import { PIECE_BYTES } from "../wire/mod.ts";
import { Budget, type BudgetLimits, Charge } from "./budget.ts";

/** Share of the memory for private bytes that each kind of credential has to itself: there are three. */
const KIND_SHARE = 1 / 3;

/** Share of that which streams may take for keeping contexts; the rest is for results. */
const CONTEXT_SHARE = 1 / 4;

/**
 * Size up to which a context is free: bytes. Real ones have a few hundred; `MAX_STREAMS` bounds them. So whoever sends large
 * contexts never keeps out those who send ordinary ones.
 */
const FREE_CONTEXT_BYTES = 4096;

/** Something made, and what it is charged to. */
export interface Charged<T> {
  /** What was made. */
  made: T;
  /** Must be released. */
  charge: Charge;
}

/** How something private is made. */
export interface Making<T, F = T> {
  /** Makes it, or what it takes little to make it of. */
  make(): T | Promise<T>;
  /** Makes it again, when there was no room for it at first. @default {make} */
  remake?(): T | Promise<T>;
  /** Returns how long it is, or will be when it is finished: bytes. */
  measure(made: T): number;
  /** Finishes it, once it has been charged. */
  finish(made: T): F | Promise<F>;
}

/**
 * The budgets for bytes that only one client gets, by kind of credential: a client-side ID is public, so whoever knows one must
 * not be able to use up what mobile apps and servers need.
 */
export class Budgets {
  readonly #results: Record<CredentialKind, Budget>;
  readonly #contexts: Record<CredentialKind, Budget>;

  /**
   * Makes budgets that nothing is charged to.
   *
   * @param limits Limits of all together, and what to do when one is short.
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

  /** The budgets that readers can be cut off for. */
  get results(): Budget[] {
    return Object.values(this.#results);
  }

  /**
   * Charges a context, without waiting: those that are kept may be kept for days.
   *
   * @param kind Kind of the credential it came with.
   * @param bytes Its length: bytes of UTF-8.
   * @returns The charge; `undefined` when there is no room.
   */
  tryKeep(kind: CredentialKind, bytes: number): Charge | undefined {
    return bytes <= FREE_CONTEXT_BYTES ? new Charge() : this.#contexts[kind].tryTake(bytes);
  }

  /**
   * Makes something private and charges it. Nothing is charged while it is made, since that may take long; if there is no
   * room then, it is dropped, and made again when there is. What fits into one piece is free, as every reader has one.
   *
   * @param kind Kind of the credential of the client that gets it.
   * @param making How it is made.
   * @returns It and its charge; `undefined` when there was no room for too long.
   */
  async make<T, F>(kind: CredentialKind, making: Making<T, F>): Promise<Charged<F> | undefined> {
    const budget = this.#results[kind];
    const first = await this.#tryMake(budget, making);
    if (typeof first !== "number") return first;
    const charge = await budget.take(first);
    return charge && await finish(charge, making, making.remake ?? making.make);
  }

  /** A function of its own, so that what finds no room is not kept by whoever waits. */
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
