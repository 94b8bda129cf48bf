import {
  createSession,
  evaluateAllInSlices,
  evaluateTextInSlices,
  EvaluationLimitError,
  type EvaluationsText,
  type EvaluationText,
  type OutputOptions,
  type Slices,
} from "../evaluation/mod.ts";
import type { Context } from "../model/mod.ts";
import { type Histogram, type Log, type Meter, NO_METER } from "../observe/mod.ts";
import { type Pause, Turns } from "../wire/mod.ts";
import { type Snapshot } from "../snapshot/mod.ts";

/** Number of flags whose evaluation is as short as any other answer: some 50 µs, unless one of them is costly. */
const SHORT_FLAGS = 100;

/** Upper bounds of the durations of evaluations: s. A flag takes some µs. */
const BOUNDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** Evaluates single flags for one context. Returns what a client gets, or `undefined` when it sees no such flag. */
export type EvaluateFlag = (key: string) => Promise<EvaluationText | undefined>;

/**
 * Evaluates for polls and streams, in slices that take turns. A limit that is reached is logged once for each environment, and
 * counted.
 */
export class Evaluations {
  readonly #log: Log;
  readonly #turns = new Turns();
  readonly #onLimit: (environment: string) => void;
  readonly #seconds: Histogram;

  /**
   * Creates it; nothing has been evaluated yet.
   *
   * @param log Log of limits that are reached.
   * @param onLimit Called when an evaluation fails at a limit. @default {nothing happens}
   * @param meter Registry of metrics. @default {NO_METER}
   */
  constructor(log: Log, onLimit: (environment: string) => void = () => {}, meter: Meter = NO_METER) {
    this.#log = log;
    this.#onLimit = onLimit;
    this.#seconds = meter.histogram("halyard_evaluation_duration_seconds", {
      help: "Time in which all flags were evaluated for one context, with the turns of others in between: s",
      bounds: BOUNDS,
    }).with();
  }

  /**
   * Creates the pause to call between the steps of whatever else is done for a client.
   *
   * @returns The function: the work takes turns with evaluations.
   */
  createPause(): Pause {
    return this.#turns.createPause();
  }

  /**
   * Evaluates all flags: at once, if nobody waits for a turn and it takes one slice.
   *
   * @param snapshot What the environment serves.
   * @param context The context.
   * @param options Who asks, and for what.
   * @returns The evaluations, or a promise of them.
   * @throws {EvaluationLimitError} When the context takes too long; that has been logged.
   */
  evaluateAll(
    snapshot: Snapshot,
    context: Context,
    options: OutputOptions,
  ): EvaluationsText | Promise<EvaluationsText> {
    const start = performance.now();
    const evaluations = this.#evaluateAll(snapshot, context, options);
    if (!(evaluations instanceof Promise)) {
      this.#seconds.record((performance.now() - start) / 1000);
      return evaluations;
    }
    return evaluations.finally(() => this.#seconds.record((performance.now() - start) / 1000));
  }

  #evaluateAll(
    snapshot: Snapshot,
    context: Context,
    options: OutputOptions,
  ): EvaluationsText | Promise<EvaluationsText> {
    const { compiled, flagCount } = snapshot;
    if (!compiled || !this.#turns.isFree(flagCount <= SHORT_FLAGS)) {
      return this.#evaluateInTurns(snapshot, context, options);
    }
    const slices = evaluateAllInSlices(compiled, context, options);
    const first = slices.next();
    return first.done
      ? this.#noteExceptionOf(snapshot, first.value)
      : this.#finish(slices, snapshot, this.createPause());
  }

  async #evaluateInTurns(
    snapshot: Snapshot,
    context: Context,
    options: OutputOptions,
  ): Promise<EvaluationsText> {
    const pause = this.createPause();
    return await this.#finish(
      evaluateAllInSlices(await snapshot.compile(pause), context, options),
      snapshot,
      pause,
    );
  }

  async #finish(slices: Slices<EvaluationsText>, snapshot: Snapshot, pause: Pause): Promise<EvaluationsText> {
    return this.#noteExceptionOf(snapshot, await this.#run(slices, snapshot, pause));
  }

  #noteExceptionOf(snapshot: Snapshot, evaluations: EvaluationsText): EvaluationsText {
    const { exception } = evaluations;
    if (exception !== undefined) this.#noteException(snapshot, exception);
    return evaluations;
  }

  /**
   * Begins to evaluate single flags for a context.
   *
   * @param snapshot What the environment serves.
   * @param context The context.
   * @param options Who asks, and for what.
   * @returns Evaluates a flag; it throws `EvaluationLimitError` when the context takes too long, which has been logged.
   */
  async begin(snapshot: Snapshot, context: Context, options: OutputOptions): Promise<EvaluateFlag> {
    const pause = this.createPause();
    const session = createSession(await snapshot.compile(pause), context);
    return async (key) => {
      const result = await this.#run(evaluateTextInSlices(session, key, options), snapshot, pause);
      if (result?.isException) this.#noteException(snapshot, key);
      return result;
    };
  }

  async #run<T>(slices: Slices<T>, { metadata }: Snapshot, pause: Pause): Promise<T> {
    try {
      await pause();
      let slice = slices.next();
      for (; !slice.done; slice = slices.next()) await pause();
      return slice.value;
    } catch (error) {
      if (error instanceof EvaluationLimitError) this.#note(metadata.id, error.message);
      throw error;
    }
  }

  #noteException({ metadata }: Snapshot, key: string): void {
    this.#note(metadata.id, `Cannot evaluate flag "${key}": it takes too many steps, or is nested too deep`);
  }

  #note(environment: string, problem: string): void {
    this.#onLimit(environment);
    this.#log.warnOnce("An evaluation has reached a limit; further ones are counted in /status", {
      environment,
      error: problem,
      hint: "look for a pattern or a list in a flag that is far too long, or a context that is",
    });
  }
}
