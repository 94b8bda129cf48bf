import type { Delivery } from "../../delivery/mod.ts";
import { type EnvironmentContext, type EnvironmentRoute, respondWithStream } from "../../http/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { AUDIENCES, mayUseContext } from "../mod.ts";
import { CLIENT_ACCESS, refuse } from "./access.ts";
import { prepareNoticeChannels, versionOf } from "./notice_channel.ts";
import { OfrepError } from "./ofrep_error.ts";
import { respondWithError } from "./results.ts";

/** Path of the event stream. */
const PATH = "/ofrep/v1/events";

/** The event stream that an answer names. */
export interface EventStream {
  /** Member of the answer, a comma before it. */
  text: string;
  /** What of its address says for whom it is. */
  identity: string;
}

/**
 * Describes the stream that tells a client when to ask again. Its address holds the credential, since browsers send no headers with
 * it, and in secure mode the proof; and the version that the client has, so that no change is missed until it is open.
 *
 * @param context The request for all flags.
 * @param client Canonical key of the client's context, and the hash that proves it.
 * @returns The stream; `undefined` for an SDK key.
 */
export function describeEventStream(
  { credential, credentialKind, snapshot }: EnvironmentContext,
  { fullyQualifiedKey, hash }: { fullyQualifiedKey: string; hash: string | null },
): EventStream | undefined {
  if (credentialKind === "sdk") return undefined;
  const isSecured = credentialKind === "environment" && snapshot.metadata.secureMode;
  const identity = new URLSearchParams({
    auth: credential,
    ...isSecured && hash !== null && { key: fullyQualifiedKey, h: hash },
  }).toString();
  // Without an origin it is that of the request, whatever the relay is called there.
  const endpoint = { requestUri: `${PATH}?${identity}&v=${versionOf(snapshot)}` };
  return { text: `,"eventStreams":${JSON.stringify([{ type: "sse", endpoint }])}`, identity };
}

/**
 * Creates the route of the event stream.
 *
 * @param delivery Delivery that holds streams.
 * @returns The route.
 */
export function eventRoute(delivery: Delivery): EnvironmentRoute {
  const openChannel = prepareNoticeChannels();
  return {
    method: "GET",
    path: PATH,
    access: CLIENT_ACCESS,
    cors: true,
    refuse,
    handle(request, context) {
      const parameters = new URLSearchParams(context.query);
      const client = {
        kind: context.credentialKind,
        context: { fullyQualifiedKey: parameters.get("key") ?? "" },
        hash: parameters.get("h"),
      };
      function mayRead({ metadata }: Snapshot): boolean {
        return mayUseContext(client, metadata);
      }
      if (!mayRead(context.snapshot)) {
        return respondWithError(
          new OfrepError(
            "INVALID_CONTEXT",
            "The environment is in secure mode, and the hash is not the key's",
          ),
        );
      }
      const channel = openChannel(AUDIENCES[context.credentialKind], parameters.get("v"));
      return respondWithStream(delivery, request, context, { channel, mayRead });
    },
  };
}
