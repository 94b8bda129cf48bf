/** Ends what waits for a server that has stopped sending. */
export class StallTimer implements Disposable {
  /** Aborts when it is over: with the error of a stall, or whatever ended the caller. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timeout: number;
  readonly #makeError: (timeout: number) => Error;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts the timer.
   *
   * @param timeout Longest time between two calls of {@linkcode StallTimer.restart}: ms.
   * @param caller Signal that ends the caller.
   * @param makeError Makes the error of a stall: of so many ms.
   */
  constructor(timeout: number, caller: AbortSignal, makeError: (timeout: number) => Error) {
    this.signal = AbortSignal.any([this.#controller.signal, caller]);
    this.#timeout = timeout;
    this.#makeError = makeError;
    this.restart();
  }

  /**
   * Starts it again: something came.
   *
   * @param timeout Time until it is over: ms. @default {that of the timer}
   */
  restart(timeout = this.#timeout): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(this.#makeError(timeout)), timeout);
  }

  /** Ends it, and what is still under way with its signal. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}
