import type { Audience } from "../evaluation/mod.ts";
import type { CredentialKind } from "../store/mod.ts";

/** Who a client is, by its credential: it decides which flags it sees. */
export const AUDIENCES: Readonly<Record<CredentialKind, Audience>> = {
  sdk: "server",
  mobile: "mobile",
  environment: "environmentId",
};
