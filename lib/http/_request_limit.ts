import type { CredentialKind } from "../store/mod.ts";

/**
 * Most requests without a body that are being answered at one time, for each kind of credential and in each thread: they wait for
 * their turn, for memory, or for a document to be compressed. Each takes some 10 KB. What is on its way to a client does not count.
 *
 * @limit requests: further ones are answered 503 with `Retry-After`
 */
const MAX_REQUESTS = 10_000;

/**
 * Most requests with a body, likewise. Each takes 150 KB until its body has arrived (on `STREAM_PORT` 17 KB), for which a client may
 * take a minute.
 *
 * @limit requests: further ones are answered 503 with `Retry-After`
 */
const MAX_REQUESTS_WITH_BODY = 2_000;

/**
 * Bound on the requests that are being answered. Each kind of credential has its own: a client-side ID is public, so nobody who knows
 * one may use up what mobile apps and servers need.
 */
export class RequestLimit {
  readonly #counts = new Map<string, number>();

  /**
   * Answers a request, if there are not too many.
   *
   * @param kind Kind of its credential.
   * @param hasBody Whether it may have a body.
   * @param answer Answers it.
   * @returns The answer; `undefined` where there are too many.
   */
  answer(
    kind: CredentialKind,
    hasBody: boolean,
    answer: () => Response | Promise<Response>,
  ): Response | Promise<Response> | undefined {
    const name = hasBody ? `${kind} with body` : kind;
    const count = this.#counts.get(name) ?? 0;
    if (count >= (hasBody ? MAX_REQUESTS_WITH_BODY : MAX_REQUESTS)) return undefined;
    const response = answer();
    if (!(response instanceof Promise)) return response;
    this.#counts.set(name, count + 1);
    return response.finally(() => this.#counts.set(name, this.#counts.get(name)! - 1));
  }
}
