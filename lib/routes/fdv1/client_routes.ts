import { type Audience, EvaluationLimitError } from "../../evaluation/mod.ts";
import { compress, computeEtagInSlices, encodeText, type Pause } from "../../wire/mod.ts";
import type { Document, Snapshot } from "../../snapshot/mod.ts";
import { ChannelEndError, type Charge, type Delivery, PING_CHANNEL } from "../../delivery/mod.ts";
import { prepareClientChannels } from "./client_channel.ts";
import {
  checkContext,
  type ContextRequest,
  NoRoomError,
  readContextRequest,
  RequestError,
} from "./context_request.ts";
import type { Evaluations } from "../mod.ts";
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
 * @param delivery Sends results, and holds streams.
 * @param evaluations Evaluates.
 * @returns The routes.
 */
export function clientRoutes(delivery: Delivery, evaluations: Evaluations): EnvironmentRoute[] {
  const openChannel = prepareClientChannels(evaluations);
  return FAMILIES.flatMap((family) => familyRoutes(family, delivery, evaluations, openChannel));
}

function familyRoutes(
  { access, audience, evalx, streams }: Family,
  delivery: Delivery,
  evaluations: Evaluations,
  openChannel: ReturnType<typeof prepareClientChannels>,
): EnvironmentRoute[] {
  // Browsers show their context, and who may read it, to whoever holds the device.
  const isSecured = access === ENVIRONMENT_ID;
  const client = { access: [access], cors: isSecured };

  type Answer = (
    request: Request,
    context: EnvironmentContext,
    asked: ContextRequest,
    work: { pause: Pause; release: () => void },
  ) => Promise<Response>;
  function withContext(answer: Answer): (request: Request, context: EnvironmentContext) => Promise<Response> {
    return async (request, context) => {
      const pause = evaluations.createPause();
      let kept: Charge | undefined;
      function release(): void {
        kept?.release();
      }
      function charge(bytes: number): boolean {
        release();
        kept = delivery.tryKeep(access.kind, bytes);
        return kept !== undefined;
      }
      try {
        const asked = await readContextRequest(request, { ...context, pause, charge });
        checkContext(asked, context.snapshot.metadata, isSecured);
        return await answer(request, context, asked, { pause, release });
      } catch (error) {
        if (error instanceof RequestError) return error.toResponse();
        if (error instanceof NoRoomError) return respondBusy();
        if (error instanceof EvaluationLimitError || error instanceof ChannelEndError) {
          return new Response(error.message, { status: 503 });
        }
        throw error;
      } finally {
        release();
      }
    };
  }

  const poll = withContext((request, { environment, snapshot }, { context, withReasons }, { pause }) => {
    function evaluate(): Promise<string> {
      return evaluations.evaluateAll(snapshot, context, { audience, withReasons }, pause);
    }
    async function encode(json: string): Promise<Document> {
      await pause();
      const body = await encodeText(json, pause);
      return {
        body,
        etag: await computeEtagInSlices(body, pause),
        gzip: () => compress(body, pause, GZIP_LEVEL),
      };
    }
    const options = { environmentId: environment.id, credentialKind: access.kind, evaluate, encode };
    return respondWithPrivateDocument(delivery, request, options);
  });

  const stream = withContext((request, context, asked, { release }) => {
    const { hash, withReasons } = asked;
    const { fullyQualifiedKey } = asked.context;
    const channel = openChannel(asked, { audience, withReasons });
    function mayRead({ metadata: { secureMode, sdkKeys } }: Snapshot): boolean {
      return !isSecured || !secureMode || isProven({ fullyQualifiedKey }, hash, sdkKeys);
    }
    // In the same turn the stream charges the context itself: what has been let in once is not turned away then.
    release();
    return respondWithStream(delivery, request, { ...context, channel, mayRead });
  });

  function ping(request: Request, context: EnvironmentContext): Promise<Response> {
    return respondWithStream(delivery, request, { ...context, channel: PING_CHANNEL });
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

/** A context in a body comes by REPORT or, through proxies that know no such method, by POST. */
function reportRoutes(route: Omit<EnvironmentRoute, "method">): EnvironmentRoute[] {
  return [{ ...route, method: "REPORT" }, { ...route, method: "POST" }];
}
