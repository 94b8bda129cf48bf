import {
  type Access,
  type EnvironmentRoute,
  MOBILE_KEY,
  respondWithPrivateDocument,
  respondWithStream,
} from "../../http/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { compress, encodeText, formatEtag, type Pause } from "../../wire/mod.ts";
import {
  AUDIENCES,
  mayUseContext,
  prepareClientChannels,
  prepareForContexts,
  type Services,
} from "../mod.ts";
import { readBasis } from "./basis.ts";
import { createClientForm, createFormatPut, evaluateResults } from "./client_form.ts";
import { DOCUMENT, frameTexts, GOODBYE, listMessages } from "./transfer.ts";

/** Compression level of results, from 1 to 9: low, since they are made anew for each request. */
const GZIP_LEVEL = 1;

/** Access of browsers: the client-side ID as the query parameter `auth`. */
const AUTH_PARAMETER: Access = {
  kind: "environment",
  read: (_request, _params, query) => new URLSearchParams(query).get("auth") || undefined,
};

/** Browsers and mobile apps share their paths. */
const CLIENT = { access: [AUTH_PARAMETER, MOBILE_KEY], cors: true };

/**
 * Creates the routes of client-side SDKs: `/sdk/poll/eval` and `/sdk/stream/eval`, with the context in the path or in the body.
 *
 * A payload is what all visible flags give the context: its selector says of which results it is. A poll whose `basis` is that of the
 * current ones gets no data, any other one everything.
 *
 * @param services What sends results and holds streams, what evaluates, and the settings.
 * @returns The routes.
 */
export function clientRoutes(
  services: Pick<Services, "delivery" | "evaluations" | "settings">,
): EnvironmentRoute[] {
  const { delivery, evaluations } = services;
  const openChannel = prepareClientChannels(evaluations);
  const withContext = prepareForContexts(services);
  const [format, formatWithReason] = [createFormatPut(false), createFormatPut(true)];

  const poll = withContext(async (request, context, { context: evaluated, withReasons, turn }) => {
    const { snapshot, credentialKind, query } = context;
    const options = {
      evaluations,
      format: withReasons ? formatWithReason : format,
      audience: AUDIENCES[credentialKind],
      withReasons,
    };
    const basis = readBasis(query);

    async function write(turn?: Pause): Promise<{ text: string; state: string }> {
      const { payload, objects } = await evaluateResults(snapshot, evaluated, { ...options, turn });
      const messages = basis === payload.state
        ? listMessages(payload, "none")
        : listMessages(payload, "xfer-full", objects);
      return { text: frameTexts(messages, DOCUMENT), state: payload.state };
    }

    const { text, state } = await write(turn);
    return await respondWithPrivateDocument(delivery, request, context, {
      text,
      // As in `SnapshotTransfers`: a client that has something else gets a body.
      ...(basis === null || basis === state) && { etag: formatEtag(state) },
      remake: async () => (await write()).text,
      encode: (text) => encodeText(text, turn),
      compress: (bytes) => compress([bytes], turn, GZIP_LEVEL),
    });
  });

  const stream = withContext((request, context, asked) => {
    const { hash, withReasons, release } = asked;
    const { fullyQualifiedKey } = asked.context;
    const audience = AUDIENCES[context.credentialKind];
    const form = createClientForm({
      evaluations,
      format: withReasons ? formatWithReason : format,
      audience,
      withReasons,
    });
    const channel = { ...openChannel({ ...asked, audience, form }), farewell: GOODBYE };
    const reader = { kind: context.credentialKind, context: { fullyQualifiedKey }, hash };
    function mayRead({ metadata }: Snapshot): boolean {
      return mayUseContext(reader, metadata);
    }
    // In the same turn the stream charges the context itself: what has been let in once is not turned away then.
    release();
    return respondWithStream(delivery, request, context, { channel, mayRead });
  });

  const handlers = [["/sdk/poll/eval", poll], ["/sdk/stream/eval", stream]] as const;
  return handlers.flatMap(([path, handle]): EnvironmentRoute[] => [
    { method: "GET", path: `${path}/{context}`, ...CLIENT, handle },
    { method: "REPORT", path, ...CLIENT, handle },
    { method: "POST", path, ...CLIENT, handle },
  ]);
}
