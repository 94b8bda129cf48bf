import {
  type Audience,
  createSession,
  evaluateAllInSlices,
  evaluateEachInSlices,
  evaluateInSlices,
  type Evaluation,
  EvaluationLimitError,
  type EvaluationsText,
  isException,
  isVisible,
  type OutputOptions,
  type Slices,
} from "../evaluation/mod.ts";
import type { Context } from "../model/mod.ts";
import { type Histogram, type Log, type Meter, NO_METER } from "../observe/mod.ts";
import { finishSlices, type Pause, Turns } from "../wire/mod.ts";
import { type Snapshot } from "../snapshot/mod.ts";
import { Admission } from "./_admission.ts";

/** Number of flags whose evaluation is as short as any other answer: some 50 µs, unless one of them is costly. */
const SHORT_FLAGS = 100;

/**
 * Most evaluations that wait for their turn or are under way, in each thread. So many apps that start at one moment are all served
 * where that takes no longer than `MAX_WAIT`.
 *
 * @limit evaluations: polls, and streams that begin, are answered 503 with `Retry-After`; streams that are open go on
 */
const MAX_EVALUATIONS = 2000;

/**
 * Longest time that an evaluation may be expected to wait for its turn, by how long those before it have waited: half a second after
 * a flood, all of it has been dealt with.
 *
 * @limit ms: the poll, or the stream that begins, is answered 503 with `Retry-After`
 */
const MAX_EXPECTED_WAIT = 500;

/**
 * Longest time that an evaluation waits for its turn. Clients give up after some seconds, and what is evaluated for one that has
 * gone is lost for all others.
 *
 * @limit ms: the poll, or the stream that begins, is answered 503 with `Retry-After`
 */
const MAX_WAIT = 1000;

/** Upper bounds of the durations of evaluations: s. A flag takes some µs. */
const BOUNDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** Evaluates single flags for one context. Returns `undefined` when its client sees no such flag. */
export type EvaluateFlag = (key: string) => Promise<Evaluation | undefined>;

/**
 * Evaluates for polls and streams, in slices that take turns. A limit that is reached is logged once for each environment, and
 * counted.
 */
export class Evaluations {
  readonly #log: Log;
  readonly #turns = new Turns();
  readonly #onLimit: (environment: string) => void;
  readonly #seconds: Histogram;
  readonly #admission = new Admission({
    max: MAX_EVALUATIONS,
    maxExpectedWait: MAX_EXPECTED_WAIT,
    maxWait: MAX_WAIT,
  });

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

  /** Whether there are so many evaluations that a client has to come back later. */
  get isFull(): boolean {
    return this.#admission.isFull;
  }

  /**
   * Waits for the turn of a client who polls, or begins a stream: so long as it waits, it need not even be known for which context.
   *
   * @param snapshot What the environment serves.
   * @returns The pause for {@linkcode Evaluations.evaluateAll}, which is to be called at once; `undefined` where the client has to
   * come back later. No promise, if nobody waits for a turn.
   */
  enter({ compiled, flagCount }: Snapshot): Pause | undefined | Promise<Pause | undefined> {
    if (this.isFull) return undefined;
    const isFree = this.#turns.isFree(compiled !== undefined && flagCount <= SHORT_FLAGS);
    const pause = this.#turns.createPause(isFree);
    if (isFree) return pause;
    return this.#admission.wait(pause).then((isInTime) => isInTime ? pause : undefined);
  }

  /**
   * Evaluates all flags: at once, if the client's turn has come, or nobody waits for one, and it takes one slice.
   *
   * @param snapshot What the environment serves.
   * @param context The context.
   * @param options Who asks, and for what.
   * @param turn What {@linkcode Evaluations.enter} returned. @default {it waits for its turn, however long}
   * @returns The evaluations, or a promise of them.
   * @throws {EvaluationLimitError} When the context takes too long; that has been logged.
   */
  evaluateAll(
    snapshot: Snapshot,
    context: Context,
    options: OutputOptions,
    turn?: Pause,
  ): EvaluationsText | Promise<EvaluationsText> {
    const start = performance.now();
    const evaluations = this.#evaluateAll(snapshot, context, options, turn);
    if (!(evaluations instanceof Promise)) {
      this.#seconds.record((performance.now() - start) / 1000);
      return evaluations;
    }
    return this.#admission.count(() => evaluations)
      .finally(() => this.#seconds.record((performance.now() - start) / 1000));
  }

  #evaluateAll(
    snapshot: Snapshot,
    context: Context,
    options: OutputOptions,
    turn: Pause | undefined,
  ): EvaluationsText | Promise<EvaluationsText> {
    const { compiled, flagCount } = snapshot;
    const isFree = turn !== undefined || this.#turns.isFree(flagCount <= SHORT_FLAGS);
    const pause = turn ?? this.#turns.createPause(isFree);
    if (!compiled || !isFree) {
      return this.#evaluateInTurns(snapshot, context, options, pause);
    }
    const slices = evaluateAllInSlices(compiled, context, options);
    const first = slices.next();
    return first.done ? this.#noteExceptionOf(snapshot, first.value) : this.#finish(slices, snapshot, pause);
  }

  async #evaluateInTurns(
    snapshot: Snapshot,
    context: Context,
    options: OutputOptions,
    pause: Pause,
  ): Promise<EvaluationsText> {
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
   * @param audience Who asks.
   * @param pause The turn in which that is done. @default {it waits for one}
   * @returns Evaluates a flag; it throws `EvaluationLimitError` when the context takes too long, which has been logged.
   */
  async begin(
    snapshot: Snapshot,
    context: Context,
    audience: Audience,
    pause: Pause = this.#turns.createPause(),
  ): Promise<EvaluateFlag> {
    const session = createSession(await snapshot.compile(pause), context);
    return async (key) => {
      const evaluation = await this.#run(evaluateInSlices(session, key), snapshot, pause);
      if (!evaluation || !isVisible(evaluation.flag, audience)) return undefined;
      if (isException(evaluation)) this.#noteException(snapshot, key);
      return evaluation;
    };
  }

  /**
   * Evaluates one flag for a client whose turn has come.
   *
   * @param snapshot What the environment serves.
   * @param context The context.
   * @param asked Which flag, who asks, and what {@linkcode Evaluations.enter} returned.
   * @returns The evaluation; `undefined` when the client sees no such flag.
   * @throws {EvaluationLimitError} When the context takes too long; that has been logged.
   */
  evaluateOne(
    snapshot: Snapshot,
    context: Context,
    { key, audience, turn }: { key: string; audience: Audience; turn: Pause },
  ): Promise<Evaluation | undefined> {
    return this.#admission.count(async () => {
      const evaluate = await this.begin(snapshot, context, audience, turn);
      return await evaluate(key);
    });
  }

  /**
   * Evaluates all flags that an audience sees, for whoever writes them in another form.
   *
   * @param snapshot What the environment serves.
   * @param context The context.
   * @param audience The audience.
   * @param pause The turn in which that is done. @default {it waits for one}
   * @returns An evaluation for each flag, in the order of the data.
   * @throws {EvaluationLimitError} When the context takes too long; that has been logged.
   */
  evaluateEach(
    snapshot: Snapshot,
    context: Context,
    audience: Audience,
    pause: Pause = this.#turns.createPause(),
  ): Promise<Evaluation[]> {
    const start = performance.now();
    return this.#admission.count(() => this.#evaluateEach(snapshot, context, audience, pause))
      .finally(() => this.#seconds.record((performance.now() - start) / 1000));
  }

  async #evaluateEach(
    snapshot: Snapshot,
    context: Context,
    audience: Audience,
    pause: Pause,
  ): Promise<Evaluation[]> {
    const slices = evaluateEachInSlices(await snapshot.compile(pause), context, audience);
    const evaluations = await this.#run(slices, snapshot, pause);
    const failed = evaluations.find(isException);
    if (failed) this.#noteException(snapshot, failed.flag.key);
    return evaluations;
  }

  async #run<T>(slices: Slices<T>, { metadata }: Snapshot, pause: Pause): Promise<T> {
    try {
      return await finishSlices(slices, pause);
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
