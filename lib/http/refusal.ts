import type { CredentialKind } from "../store/mod.ts";

/**
 * Reason why a route with access does not answer. `missing`: no credential, or a malformed one. `unknown`: it opens no
 * environment. `loading`: nothing has been loaded yet, so it may turn out to be known. `no data`: its environment has none.
 */
export type Refusal = "missing" | "unknown" | "loading" | "no data";

/** Headers of a plain-text answer. */
export const TEXT_HEADERS = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
};

/**
 * Refuses a request with the Relay Proxy's statuses and bodies. SDKs give up for good on 401 and 404, so a credential that may
 * still turn out to be known gets 503.
 *
 * @param why Why it is refused.
 * @param kind Kind of the credential that was sent or, if none was, expected.
 * @returns 401, 404 or 503.
 */
export function refuseRequest(why: Refusal, kind: CredentialKind): Response {
  switch (why) {
    case "missing":
      return new Response(null, { status: 401 });
    case "loading":
      return refuse(503, "Halyard has not loaded its archive yet");
    case "no data":
      return refuse(503, "client was not initialized");
    case "unknown":
      return kind === "environment" ? refuse(404, "URL did not contain an environment ID") : refuse(
        401,
        "Halyard does not recognize the client credential (missing or invalid Authorization header)",
      );
  }
}

function refuse(status: number, text: string): Response {
  return new Response(text, { status, headers: TEXT_HEADERS });
}
