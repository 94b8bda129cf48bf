import type { Audience, Evaluation } from "../../evaluation/mod.ts";
import {
  type EnvironmentContext,
  type EnvironmentRoute,
  respondWithPrivateDocument,
} from "../../http/mod.ts";
import { type Context, ContextError, parseContextJson } from "../../model/mod.ts";
import { compress, computeEtag, encodeText, type Pause } from "../../wire/mod.ts";
import {
  AUDIENCES,
  mayUseContext,
  prepareInTurn,
  type ReceivedContext,
  RequestError,
  type Services,
} from "../mod.ts";
import { ANY_ACCESS, refuse } from "./access.ts";
import { convertContext } from "./evaluation_context.ts";
import { describeEventStream } from "./event_route.ts";
import { OfrepError } from "./ofrep_error.ts";
import { createFormat, findError, JSON_HEADERS, respondWithError } from "./results.ts";

/** Compression level of results, from 1 to 9: low, since they are made anew for each request. */
const GZIP_LEVEL = 1;

/** Header of the hash that secure mode requires; it may be in the query as well. */
const HASH_HEADER = "x-launchdarkly-secure-mode-hash";

/** A request for results: whose, and for which context. */
interface Asked {
  evaluated: Context;
  audience: Audience;
  hash: string | null;
  turn: Pause;
}

/**
 * Creates the routes that evaluate: one flag, or all that the credential sees.
 *
 * @param services What sends results, what evaluates, and the settings.
 * @returns The routes.
 */
export function evaluationRoutes(
  services: Pick<Services, "delivery" | "evaluations" | "settings">,
): EnvironmentRoute[] {
  const { delivery, evaluations, settings } = services;
  const format = createFormat(settings.ofrepReasons);
  const inTurn = prepareInTurn(services, toResponse);

  async function evaluateOne(
    _request: Request,
    context: EnvironmentContext,
    { evaluated, audience, turn }: Asked,
  ): Promise<Response> {
    const key = context.params["key"]!;
    const evaluation = await evaluations.evaluateOne(context.snapshot, evaluated, { key, audience, turn });
    if (!evaluation) throw new OfrepError("FLAG_NOT_FOUND", "There is no such flag", 404);
    const error = findError(evaluation);
    if (error) throw error;
    return context.respond(format(evaluation), JSON_HEADERS);
  }

  async function evaluateAll(
    request: Request,
    context: EnvironmentContext,
    { evaluated, audience, hash, turn }: Asked,
  ): Promise<Response> {
    const stream = describeEventStream(context, { ...evaluated, hash });

    async function write(turn?: Pause): Promise<{ flags: string; text: string }> {
      const all = await evaluations.evaluateEach(context.snapshot, evaluated, audience, turn);
      const flags = await join(all, turn);
      return { flags, text: `{"flags":[${flags}]${stream?.text ?? ""}}` };
    }

    async function join(all: readonly Evaluation[], pause?: Pause): Promise<string> {
      let text = "";
      for (const evaluation of all) {
        text += (text && ",") + format(evaluation);
        await pause?.();
      }
      return text;
    }

    const { flags, text } = await write(turn);
    return await respondWithPrivateDocument(delivery, request, context, {
      text,
      // A new version of the data has a stream of another address: for the tag, only what a context gets counts.
      etag: computeEtag(`${flags} ${stream?.identity}`),
      remake: async () => (await write()).text,
      encode: (text) => encodeText(text, turn),
      compress: (bytes) => compress([bytes], turn, GZIP_LEVEL),
    });
  }

  function route(
    path: string,
    answer: (request: Request, context: EnvironmentContext, asked: Asked) => Promise<Response>,
  ): EnvironmentRoute {
    return {
      method: "POST",
      path,
      access: ANY_ACCESS,
      cors: true,
      refuse,
      handle: (request, context) =>
        inTurn(request, context, (received) => answer(request, context, ask(request, context, received))),
    };
  }

  return [
    route("/ofrep/v1/evaluate/flags", evaluateAll),
    route("/ofrep/v1/evaluate/flags/{key...}", evaluateOne),
  ];
}

/** Converts and checks the context of a request. */
function ask(
  { headers }: Request,
  { query, snapshot, credentialKind }: EnvironmentContext,
  { source, turn }: ReceivedContext,
): Asked {
  const evaluated = convertContext(readContext(source as Uint8Array));
  const hash = headers.get(HASH_HEADER) ?? new URLSearchParams(query).get("h");
  if (!mayUseContext({ kind: credentialKind, context: evaluated, hash }, snapshot.metadata)) {
    throw new OfrepError(
      "INVALID_CONTEXT",
      "The environment is in secure mode, and the hash is not the context's",
    );
  }
  return { evaluated, audience: AUDIENCES[credentialKind], hash, turn };
}

/** Reads the context of a body: JSON. */
function readContext(body: Uint8Array): unknown {
  try {
    const json = parseContextJson(body);
    return typeof json === "object" && json !== null && "context" in json ? json.context : {};
  } catch (error) {
    if (error instanceof ContextError) throw new OfrepError("INVALID_CONTEXT", error.message);
    // A JSON parser's message quotes the text, which is personal data.
    throw new OfrepError("PARSE_ERROR", "The body is not JSON");
  }
}

function toResponse(error: unknown, { params }: EnvironmentContext): Response {
  if (error instanceof RequestError) {
    error = new OfrepError(error.status === 400 ? "PARSE_ERROR" : "GENERAL", error.message, error.status);
  }
  if (!(error instanceof OfrepError)) throw error;
  return respondWithError(error, params["key"]);
}
