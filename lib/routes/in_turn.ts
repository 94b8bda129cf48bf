import { EvaluationLimitError } from "../evaluation/mod.ts";
import { ChannelEndError, type Charge } from "../delivery/mod.ts";
import { type EnvironmentContext, type EnvironmentRoute, respondBusy } from "../http/mod.ts";
import type { Pause } from "../wire/mod.ts";
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
import type { Services } from "./surface.ts";

/** A client's request for its context, whose turn has come. */
export interface ReceivedContext {
  /** The context as received. */
  source: ContextSource;
  /** The turn: to be called between the steps of the answer. */
  turn: Pause;
  /** Releases the memory of the context, which is charged until the answer is there. */
  release(): void;
}

/** Answers requests for a context: see {@linkcode prepareInTurn}. */
export type AnswerInTurn = (
  request: Request,
  context: EnvironmentContext,
  answer: (received: ReceivedContext) => Response | Promise<Response>,
) => Response | Promise<Response>;

/**
 * Prepares the function that answers requests for a context when the turn of their client has come, or turns them away where too many
 * wait. The context is the path parameter `context` or, without one, the body. What has been received of it is charged for as long as
 * the answer takes; it is parsed no sooner than needed.
 *
 * @param services What sends results, what evaluates, and the settings.
 * @param toResponse Turns an error of the answer into a response, or throws it again.
 * @returns The function.
 */
export function prepareInTurn(
  { delivery, evaluations, settings }: Pick<Services, "delivery" | "evaluations" | "settings">,
  toResponse: (error: unknown, context: EnvironmentContext) => Response,
): AnswerInTurn {
  function turnAway(): Response {
    delivery.countShed("evaluations");
    return respondBusy();
  }

  function recover(error: unknown, context: EnvironmentContext): Response {
    if (error instanceof NoRoomError) return respondBusy();
    if (error instanceof EvaluationLimitError || error instanceof ChannelEndError) {
      return new Response(error.message, { status: 503 });
    }
    return toResponse(error, context);
  }

  return (request, context, answer) => {
    if (evaluations.isFull) return turnAway();
    let kept: Charge | undefined;
    function release(): void {
      kept?.release();
    }
    function charge(bytes: number): boolean {
      release();
      kept = delivery.tryKeep(context.credentialKind, bytes);
      return kept !== undefined;
    }
    function answerInTurn(source: ContextSource): Response | Promise<Response> {
      const turn = evaluations.enter(context.snapshot);
      if (!(turn instanceof Promise)) return turn ? answer({ source, turn, release }) : turnAway();
      return turn.then((turn) => turn ? answer({ source, turn, release }) : turnAway());
    }
    function receive(): Response | Promise<Response> {
      const encoded = context.params["context"];
      if (encoded === undefined) {
        const { maxClientRequestBodySize: maxBytes } = settings;
        return receiveContext(request, { maxBytes, charge }).then(answerInTurn);
      }
      if (!charge(encoded.length)) throw new NoRoomError();
      return answerInTurn(encoded);
    }

    try {
      const response = receive();
      if (response instanceof Promise) {
        return response.catch((error) => recover(error, context)).finally(release);
      }
      release();
      return response;
    } catch (error) {
      release();
      return recover(error, context);
    }
  };
}

/** Answers a client's request for its context, parsed and checked. */
export type AnswerForContext = (
  request: Request,
  context: EnvironmentContext,
  asked: ContextRequest & ReceivedContext,
) => Response | Promise<Response>;

/**
 * Prepares the handlers of LaunchDarkly's client-side SDKs, whose errors have the Relay Proxy's words.
 *
 * @param services What sends results, what evaluates, and the settings.
 * @returns Function that makes a handler out of what answers when the turn of the client has come.
 */
export function prepareForContexts(
  services: Pick<Services, "delivery" | "evaluations" | "settings">,
): (answer: AnswerForContext) => EnvironmentRoute["handle"] {
  const inTurn = prepareInTurn(services, (error) => {
    if (error instanceof RequestError) return error.toResponse();
    throw error;
  });
  return (answer) => (request, context) =>
    inTurn(request, context, (received) => {
      const parsed = parseSource(received.source);
      const asked = { ...received, context: parsed, ...readParameters(context.query) };
      checkContext(asked, context.snapshot.metadata, context.credentialKind);
      return answer(request, context, asked);
    });
}
