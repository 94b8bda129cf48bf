import type { Access, Refusal } from "../../http/mod.ts";

/** Access of mobile apps and browsers, which get streams: an SDK key must not stand in the address of one. */
export const CLIENT_ACCESS: readonly Access[] = [
  { kind: "mobile", read: readCredential },
  { kind: "environment", read: readCredential },
];

/** Access by any credential of an environment. */
export const ANY_ACCESS: readonly Access[] = [{ kind: "sdk", read: readCredential }, ...CLIENT_ACCESS];

/**
 * Reads the credential of a request: a bearer token, `Authorization` as it is, `X-API-Key`, or `?auth=`, since browsers send no
 * headers with event streams. The first one that is there counts.
 */
function readCredential(
  { headers }: Request,
  _params: Record<string, string>,
  query: string,
): string | undefined {
  const credential = headers.get("authorization")?.replace(/^Bearer +/i, "") ||
    headers.get("x-api-key") || new URLSearchParams(query).get("auth") || "";
  return credential === "" || credential.includes(" ") ? undefined : credential;
}

/**
 * Refuses a request in OFREP's terms: 401 stops its client for good, 503 does not.
 *
 * @param why Why it is refused.
 * @returns The answer.
 */
export function refuse(why: Refusal): Response {
  switch (why) {
    case "missing":
    case "unknown":
      return new Response(null, { status: 401 });
    case "loading":
      return Response.json({ errorDetails: "Halyard has not loaded its archive yet" }, { status: 503 });
    case "no data":
      return Response.json({ errorDetails: "The environment has no data" }, { status: 503 });
  }
}
