import type { Audience, EvaluationsText } from "../../evaluation/mod.ts";
import { compress, encodeText, formatEtag, type Pause } from "../../wire/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { PING_CHANNEL } from "../../delivery/mod.ts";
import {
  type Access,
  ENVIRONMENT_ID,
  type EnvironmentContext,
  type EnvironmentRoute,
  MOBILE_KEY,
  respondWithPrivateDocument,
  respondWithStream,
  SDK_KEY,
} from "../../http/mod.ts";
import {
  type AnswerForContext,
  type ClientForm,
  mayUseContext,
  prepareClientChannels,
  prepareForContexts,
  type Services,
} from "../mod.ts";
import { createClientForm } from "./client_form.ts";

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
  const withContext = prepareForContexts(services);
  return FAMILIES.flatMap((family) => familyRoutes(family, { ...services, openChannel, withContext }));
}

/** Services of one family of clients. */
interface FamilyServices extends ClientServices {
  openChannel: ReturnType<typeof prepareClientChannels>;
  withContext(answer: AnswerForContext): EnvironmentRoute["handle"];
}

function familyRoutes(
  { access, audience, evalx, streams }: Family,
  { delivery, evaluations, openChannel, withContext }: FamilyServices,
): EnvironmentRoute[] {
  const client = { access: [access], cors: access === ENVIRONMENT_ID };

  const [form, formWithReasons] = [false, true].map((withReasons) =>
    createClientForm(evaluations, { audience, withReasons })
  ) as [ClientForm, ClientForm];

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
        compress: (bytes) => compress([bytes], turn, GZIP_LEVEL),
      });
    }
    const result = evaluate(turn);
    return result instanceof Promise ? result.then(respond) : respond(result);
  });

  const stream = withContext((request, context, asked) => {
    const { hash, withReasons, release } = asked;
    const { fullyQualifiedKey } = asked.context;
    const channel = openChannel({
      ...asked,
      audience,
      form: withReasons ? formWithReasons : form,
    });
    const reader = { kind: context.credentialKind, context: { fullyQualifiedKey }, hash };
    function mayRead({ metadata }: Snapshot): boolean {
      return mayUseContext(reader, metadata);
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

/** A context in a body comes by REPORT or, through proxies that know no such method, by POST. */
function reportRoutes(route: Omit<EnvironmentRoute, "method">): EnvironmentRoute[] {
  return [{ ...route, method: "REPORT" }, { ...route, method: "POST" }];
}
