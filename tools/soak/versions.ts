/** Key of the flag that changes with each archive: its value names the version. */
export const COUNTER = "counter";

/** Key of the flag that is there in some versions only. */
export const GUEST = "guest";

/** The first version. Higher than that of any other flag, so that its number stands nowhere else. */
export const FIRST_VERSION = 1001;

/** Reloads between two changes of more than the counter. */
const CHANGE_EVERY = 12;

/** Value of the counter. */
export function valueOf(version: number): string {
  return `version ${version}`;
}

/**
 * Reports whether a version has the guest. Where it goes, streams get a `delete`; where it comes back, with a version no higher than
 * that of its tombstone, a `put` of everything.
 */
export function hasGuest(version: number): boolean {
  return Math.floor((version - FIRST_VERSION) / CHANGE_EVERY) % 2 === 0;
}

/** Version of the counter in the large environment: it changes more seldom, so that slow readers can come to an end. */
export function largeVersionOf(version: number): number {
  return version - (version - FIRST_VERSION) % CHANGE_EVERY;
}

/** An answer, or an event, that cannot be right. */
export class WrongAnswerError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "WrongAnswerError";
}

/** What answers must be: the same bytes as the first of their kind but for the version, which must not be older than seen before. */
export class Expectations {
  readonly #texts = new Map<string, string>();

  /**
   * Checks one text.
   *
   * @param kind Kind of the answer or event.
   * @param text Text of it.
   * @returns The version that it is of.
   * @throws {WrongAnswerError} When it differs.
   */
  check(kind: string, text: string): number {
    const version = Number(/"version (\d+)"/.exec(text)?.[1]);
    if (!(version >= FIRST_VERSION)) throw new WrongAnswerError(`${kind} without a version: ${start(text)}`);
    const constant = text.replaceAll(`ersion":${version}`, 'ersion":N').replace(
      `"${valueOf(version)}"`,
      "N",
    );
    this.checkConstant(`${kind}${hasGuest(version) ? " and guest" : ""}`, constant);
    return version;
  }

  /**
   * Checks a text that is the same in every version.
   *
   * @param kind Kind of the answer or event.
   * @param text Text of it.
   * @throws {WrongAnswerError} When it differs.
   */
  checkConstant(kind: string, text: string): void {
    const expected = this.#texts.get(kind);
    if (expected === undefined) this.#texts.set(kind, text);
    else if (text !== expected) {
      let at = 0;
      while (text[at] === expected[at]) at++;
      throw new WrongAnswerError(
        `${kind} differs at ${at}: ${start(text.slice(at))} instead of ${start(expected.slice(at))}`,
      );
    }
  }
}

function start(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
