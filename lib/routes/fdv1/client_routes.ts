import { type Audience, EvaluationLimitError, type EvaluationsText } from "../../evaluation/mod.ts";
import { compress, encodeText, formatEtag, type Pause } from "../../wire/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { ChannelEndError, type Charge, PING_CHANNEL } from "../../delivery/mod.ts";
import { prepareClientChannels } from "./client_channel.ts";
import {
  checkContext,
  type ContextRequest,
  type ContextSource,
  NoRoomError,
  parseSource,
  readParameters,
  receiveContext,
  RequestError,
} from "./context_request.ts";
import type { Services } from "../mod.ts";
import {
  type Access,
  ENVIRONMENT_ID,
  type EnvironmentContext,
  type EnvironmentRoute,
  MOBILE_KEY,
  respondBusy,
  respondWithPrivateDocument,
  respondWithStream,
  SDK_KEY,
} from "../../http/mod.ts";
import { isProven } from "./secure_mode.ts";

/** Compression level of evaluations, from 1 to 9: low, since they are made anew for each request. */
const GZIP_LEVEL = 1;

/** A family of clients: who they are, where they poll and, unless they are servers, where they stream. */
interface Family {
  access: Access;
  audience: Audience;
  evalx: string;
  streams?: { eval: string; ping: string };
}

/** Services that the routes of clients use. */
export type ClientServices = Pick<Services, "delivery" | "evaluations" | "settings">;

const FAMILIES: Family[] = [
  {
    access: ENVIRONMENT_ID,
    audience: "environmentId",
    evalx: "/sdk/evalx/{envId}",
    streams: { eval: "/eval/{envId}", ping: "/ping/{envId}" },
  },
  {
    access: MOBILE_KEY,
    audience: "mobile",
    evalx: "/msdk/evalx",
    streams: { eval: "/meval", ping: "/mping" },
  },
  { access: SDK_KEY, audience: "server", evalx: "/sdk/evalx" },
];

/**
 * Routes of clients that get results instead of rules: browsers, mobile apps, and servers that let the relay evaluate. By
 * poll (`evalx`), by stream with data (`eval`), by stream that only tells of changes (`ping`).
 *
 * @param services What sends results and holds streams, what evaluates, and the settings.
 * @returns The routes.
 */
export function clientRoutes(services: ClientServices): EnvironmentRoute[] {
  const openChannel = prepareClientChannels(services.evaluations);
  return FAMILIES.flatMap((family) => familyRoutes(family, services, openChannel));
}

function familyRoutes(
  { access, audience, evalx, streams }: Family,
  { delivery, evaluations, settings }: ClientServices,
  openChannel: ReturnType<typeof prepareClientChannels>,
): EnvironmentRoute[] {
  // Browsers show their context, and who may read it, to whoever holds the device.
  const isSecured = access === ENVIRONMENT_ID;
  const client = { access: [access], cors: isSecured };

  type Answer = (
    request: Request,
    context: EnvironmentContext,
    asked: ContextRequest & { turn: Pause; release(): void },
  ) => Response | Promise<Response>;

  function turnAway(): Response {
    delivery.countShed("evaluations");
    return respondBusy();
  }

  /**
   * Creates a handler that answers when the turn of its client has come. What has been received of the context is charged for as long
   * as the answer takes; it is parsed no sooner than needed.
   */
  function withContext(answer: Answer): EnvironmentRoute["handle"] {
    return (request, context) => {
      if (evaluations.isFull) return turnAway();
      let kept: Charge | undefined;
      function release(): void {
        kept?.release();
      }
      function charge(bytes: number): boolean {
        release();
        kept = delivery.tryKeep(access.kind, bytes);
        return kept !== undefined;
      }
      function answerFor(source: ContextSource, turn: Pause | undefined): ReturnType<Answer> {
        if (!turn) return turnAway();
        const asked = {
          context: parseSource(source),
          source,
          ...readParameters(context.query),
          turn,
          release,
        };
        checkContext(asked, context.snapshot.metadata, isSecured);
        return answer(request, context, asked);
      }
      function answerInTurn(source: ContextSource): ReturnType<Answer> {
        const turn = evaluations.enter(context.snapshot);
        return turn instanceof Promise
          ? turn.then((turn) => answerFor(source, turn))
          : answerFor(source, turn);
      }
      const encoded = context.params["context"];
      return settle(release, () => {
        if (encoded === undefined) {
          const { maxClientRequestBodySize: maxBytes } = settings;
          return receiveContext(request, { maxBytes, charge }).then(answerInTurn);
        }
        if (!charge(encoded.length)) throw new NoRoomError();
        return answerInTurn(encoded);
      });
    };
  }

  const poll = withContext((request, context, { context: evaluated, withReasons, turn }) => {
    const { snapshot } = context;
    function evaluate(turn?: Pause): EvaluationsText | Promise<EvaluationsText> {
      return evaluations.evaluateAll(snapshot, evaluated, { audience, withReasons }, turn);
    }
    function respond({ text, digest }: EvaluationsText): Response | Promise<Response> {
      return respondWithPrivateDocument(delivery, request, context, {
        text,
        etag: formatEtag(digest),
        remake: async () => (await evaluate()).text,
        encode: (text) => encodeText(text, turn),
        compress: (bytes) => compress(bytes, turn, GZIP_LEVEL),
      });
    }
    const result = evaluate(turn);
    return result instanceof Promise ? result.then(respond) : respond(result);
  });

  const stream = withContext((request, context, asked) => {
    const { hash, withReasons, release } = asked;
    const { fullyQualifiedKey } = asked.context;
    const channel = openChannel(asked, { audience, withReasons });
    function mayRead({ metadata: { secureMode, sdkKeys } }: Snapshot): boolean {
      return !isSecured || !secureMode || isProven({ fullyQualifiedKey }, hash, sdkKeys);
    }
    // In the same turn the stream charges the context itself: what has been let in once is not turned away then.
    release();
    return respondWithStream(delivery, request, context, { channel, mayRead });
  });

  function ping(request: Request, context: EnvironmentContext): Promise<Response> {
    return respondWithStream(delivery, request, context, { channel: PING_CHANNEL });
  }

  return [
    { method: "GET", path: `${evalx}/contexts/{context}`, ...client, handle: poll },
    { method: "GET", path: `${evalx}/users/{context}`, ...client, handle: poll },
    ...reportRoutes({ path: `${evalx}/context`, ...client, handle: poll }),
    ...reportRoutes({ path: `${evalx}/user`, ...client, handle: poll }),
    ...streams
      ? [
        { method: "GET", path: `${streams.eval}/{context}`, ...client, handle: stream } as const,
        ...reportRoutes({ path: streams.eval, ...client, handle: stream }),
        { method: "GET", path: streams.ping, ...client, handle: ping } as const,
      ]
      : [],
  ];
}

/** Turns the errors of an answer into responses, and releases what was charged for it. */
function settle(
  release: () => void,
  answer: () => Response | Promise<Response>,
): Response | Promise<Response> {
  try {
    const response = answer();
    if (response instanceof Promise) return response.catch(toResponse).finally(release);
    release();
    return response;
  } catch (error) {
    release();
    return toResponse(error);
  }
}

function toResponse(error: unknown): Response {
  if (error instanceof RequestError) return error.toResponse();
  if (error instanceof NoRoomError) return respondBusy();
  if (error instanceof EvaluationLimitError || error instanceof ChannelEndError) {
    return new Response(error.message, { status: 503 });
  }
  throw error;
}

/** A context in a body comes by REPORT or, through proxies that know no such method, by POST. */
function reportRoutes(route: Omit<EnvironmentRoute, "method">): EnvironmentRoute[] {
  return [{ ...route, method: "REPORT" }, { ...route, method: "POST" }];
}
