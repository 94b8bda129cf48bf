import type { CredentialKind } from "../store/mod.ts";

/** A way for a client to identify itself: which kind of credential it sends, and where in the request. */
export interface Access {
  /** Kind of the credential, by which the store finds its environment. */
  readonly kind: CredentialKind;
  /**
   * Reads the credential.
   *
   * @param request The request.
   * @param params Path parameters, decoded.
   * @param query Query string without the question mark.
   * @returns The credential; `undefined` when it is missing or malformed.
   */
  read(request: Request, params: Record<string, string>, query: string): string | undefined;
}

/** Access by an SDK key in the header `Authorization`. */
export const SDK_KEY: Access = { kind: "sdk", read: readAuthorization };

/** Access by a mobile key in the header `Authorization`. */
export const MOBILE_KEY: Access = { kind: "mobile", read: readAuthorization };

/** Access by a client-side ID as the path parameter `{envId}`. */
export const ENVIRONMENT_ID: Access = { kind: "environment", read: (_request, params) => params["envId"] };

/** The key alone or, as old SDKs send it, after `api_key `. */
function readAuthorization({ headers }: Request): string | undefined {
  const header = headers.get("authorization") ?? "";
  const key = header.startsWith("api_key ") ? header.slice("api_key ".length).trim() : header;
  return key === "" || key.includes(" ") ? undefined : key;
}
