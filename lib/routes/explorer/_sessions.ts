import { randomBytes } from "node:crypto";
import type { Digest } from "./_digest.ts";

/** Longest life of a session: a day of work. @limit ms: the token is asked for again */
const SESSION_LIFETIME = 12 * 3_600_000;

/** Most sessions at a time. Whoever begins one has the token; a script that never keeps its cookie must not fill the memory. @limit sessions: the oldest one ends */
const MAX_SESSIONS = 1_000;

/** Bytes of randomness in the name of a session. */
const ID_BYTES = 32;

/** Characters of such a name in base64url. */
const NAME_LENGTH = 43;

/** Sessions of those who have shown the token, in memory only: a restart ends them all. */
export class Sessions {
  readonly #digest: Digest;
  readonly #now: () => number;
  /** Ends by digest of the name, in the order in which they began: ms of the clock. */
  readonly #ends = new Map<string, number>();

  /**
   * Creates it without sessions.
   *
   * @param digest Makes digests.
   * @param now Clock that does not jump: ms.
   */
  constructor(digest: Digest, now: () => number) {
    this.#digest = digest;
    this.#now = now;
  }

  /**
   * Begins a session.
   *
   * @returns Its name: base64url, a secret.
   */
  begin(): string {
    const now = this.#now();
    for (const [id, end] of this.#ends) {
      if (end > now && this.#ends.size < MAX_SESSIONS) break;
      this.#ends.delete(id);
    }
    const name = randomBytes(ID_BYTES).toString("base64url");
    this.#ends.set(this.#digest(name).toString("hex"), now + SESSION_LIFETIME);
    return name;
  }

  /**
   * Reports whether there is a session.
   *
   * @param name Its name. Looked up by digest, so how long that takes says nothing of any other.
   * @returns Whether there is.
   */
  has(name: string): boolean {
    // A request may have thousands of cookies of this name, and a digest takes some µs.
    if (name.length !== NAME_LENGTH) return false;
    const end = this.#ends.get(this.#digest(name).toString("hex"));
    return end !== undefined && this.#now() < end;
  }
}
