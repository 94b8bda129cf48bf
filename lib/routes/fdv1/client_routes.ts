import { createHash } from "node:crypto";
import { eTag } from "@std/http";
import { type Audience, EvaluationLimitError } from "../../evaluation/mod.ts";
import type { CredentialKind } from "../../store/mod.ts";
import { compress, encodeText, type Pause } from "../../wire/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { ChannelEndError, type Charge, type Delivery, PING_CHANNEL } from "../../delivery/mod.ts";
import { prepareClientChannels } from "./client_channel.ts";
import {
  checkContext,
  type ContextRequest,
  NoRoomError,
  readContextRequest,
  RequestError,
} from "./context_request.ts";
import type { Evaluations } from "./evaluations.ts";
import {
  type Document,
  type EnvironmentContext,
  respondBusy,
  respondWithPrivateDocument,
  respondWithStream,
  type Route,
} from "../../http/mod.ts";
import { isProven } from "./secure_mode.ts";

/** How hard evaluations are compressed, from 1 to 9: they are made anew for each request, so quickly. */
const GZIP_LEVEL = 1;

/** How much is hashed in one go: bytes. */
const HASHED_BYTES = 1024 ** 2;

/** A family of clients: who they are, where they poll and, unless they are servers, where they stream. */
interface Family {
  credential: CredentialKind;
  audience: Audience;
  evalx: string;
  streams?: { eval: string; ping: string };
}

const FAMILIES: Family[] = [
  {
    credential: "environment",
    audience: "environmentId",
    evalx: "/sdk/evalx/{envId}",
    streams: { eval: "/eval/{envId}", ping: "/ping/{envId}" },
  },
  {
    credential: "mobile",
    audience: "mobile",
    evalx: "/msdk/evalx",
    streams: { eval: "/meval", ping: "/mping" },
  },
  { credential: "sdk", audience: "server", evalx: "/sdk/evalx" },
];

/**
 * Routes of clients that get results instead of rules: browsers, mobile apps, and servers that let the relay evaluate. By
 * poll (`evalx`), by stream with data (`eval`), by stream that only tells of changes (`ping`).
 *
 * @param delivery Sends results, and holds streams.
 * @param evaluations Evaluates.
 * @returns The routes.
 */
export function clientRoutes(delivery: Delivery, evaluations: Evaluations): Route[] {
  const openChannel = prepareClientChannels(evaluations);
  return FAMILIES.flatMap((family) => familyRoutes(family, delivery, evaluations, openChannel));
}

function familyRoutes(
  { credential, audience, evalx, streams }: Family,
  delivery: Delivery,
  evaluations: Evaluations,
  openChannel: ReturnType<typeof prepareClientChannels>,
): Route[] {
  const isSecured = credential === "environment";

  type Answer = (
    request: Request,
    context: EnvironmentContext,
    asked: ContextRequest,
    pause: Pause,
  ) => Promise<Response>;
  function withContext(answer: Answer): (request: Request, context: EnvironmentContext) => Promise<Response> {
    return async (request, context) => {
      const pause = evaluations.createPause();
      let kept: Charge | undefined;
      function charge(bytes: number): boolean {
        kept?.release();
        kept = delivery.tryKeep(credential, bytes);
        return kept !== undefined;
      }
      try {
        const asked = await readContextRequest(request, { ...context, pause, charge });
        checkContext(asked, context.snapshot.metadata, isSecured);
        return await answer(request, context, asked, pause);
      } catch (error) {
        if (error instanceof RequestError) return error.toResponse();
        if (error instanceof NoRoomError) return respondBusy();
        if (error instanceof EvaluationLimitError || error instanceof ChannelEndError) {
          return new Response(error.message, { status: 503 });
        }
        throw error;
      } finally {
        kept?.release();
      }
    };
  }

  const poll = withContext((request, { environment, snapshot }, { context, withReasons }, pause) => {
    function evaluate(): Promise<string> {
      return evaluations.evaluateAll(snapshot, context, { audience, withReasons }, pause);
    }
    async function encode(json: string): Promise<Document> {
      await pause();
      const body = await encodeText(json, pause);
      return { body, etag: await tag(body, pause), gzip: () => compress(body, pause, GZIP_LEVEL) };
    }
    const options = { environmentId: environment.id, credentialKind: credential, evaluate, encode };
    return respondWithPrivateDocument(delivery, request, options);
  });

  const stream = withContext((request, context, asked) => {
    const { hash, withReasons } = asked;
    const { fullyQualifiedKey } = asked.context;
    const channel = openChannel(asked, { audience, withReasons });
    function mayRead({ metadata: { secureMode, sdkKeys } }: Snapshot): boolean {
      return !isSecured || !secureMode || isProven({ fullyQualifiedKey }, hash, sdkKeys);
    }
    return respondWithStream(delivery, request, { ...context, channel, credentialKind: credential, mayRead });
  });

  function ping(request: Request, context: EnvironmentContext): Promise<Response> {
    return respondWithStream(delivery, request, {
      ...context,
      channel: PING_CHANNEL,
      credentialKind: credential,
    });
  }

  return [
    { method: "GET", path: `${evalx}/contexts/{context}`, credential, handle: poll },
    { method: "GET", path: `${evalx}/users/{context}`, credential, handle: poll },
    ...reportRoutes({ path: `${evalx}/context`, credential, handle: poll }),
    ...reportRoutes({ path: `${evalx}/user`, credential, handle: poll }),
    ...streams
      ? [
        { method: "GET", path: `${streams.eval}/{context}`, credential, handle: stream } as const,
        ...reportRoutes({ path: streams.eval, credential, handle: stream }),
        { method: "GET", path: streams.ping, credential, handle: ping } as const,
      ]
      : [],
  ];
}

/** Makes the entity tag of a result, whose hash would hold up everybody where it is a large one. */
async function tag(body: Uint8Array<ArrayBuffer>, pause: Pause): Promise<string> {
  if (body.length <= HASHED_BYTES) return await eTag(body, { weak: true });
  const hash = createHash("sha256");
  for (let start = 0; start < body.length; start += HASHED_BYTES) {
    hash.update(body.subarray(start, start + HASHED_BYTES));
    await pause();
  }
  return await eTag(hash.digest("hex"), { weak: true });
}

/** A context in a body comes by REPORT or, through proxies that know no such method, by POST. */
function reportRoutes(route: Omit<Extract<Route, { credential: CredentialKind }>, "method">): Route[] {
  return [{ ...route, method: "REPORT" }, { ...route, method: "POST" }];
}
