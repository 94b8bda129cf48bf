import type { Snapshot } from "../snapshot/mod.ts";
import type { ConnectionCounter, PacedBody } from "../delivery/mod.ts";
import type { CredentialKind, StoredEnvironment } from "../store/mod.ts";
import type { Access } from "./access.ts";
import type { Refusal } from "./refusal.ts";

/** Input of every route's handler besides the request. */
export interface RouteContext {
  /** Path parameters, decoded. */
  params: Record<string, string>;
  /** Query string without the question mark. */
  query: string;
}

/** Input of the handler of a route with access: the environment that the client's credential opens. */
export interface EnvironmentContext extends RouteContext {
  /** The environment. */
  environment: StoredEnvironment;
  /** The data that it serves at this moment. */
  snapshot: Snapshot;
  /** The credential that opened it. */
  credential: string;
  /** Kind of that credential. */
  credentialKind: CredentialKind;
  /** Counter of streams like the one that the answer may be. Absent where they are not counted. */
  connections?: ConnectionCounter | undefined;
  /**
   * Creates the answer with all headers that an answer here has (`X-LD-EnvID`, CORS) at once. They are added to any other response
   * afterwards, which costs more.
   *
   * @param body The body; a text is sent fastest.
   * @param headers Its own headers. @default {none}
   * @param status Status. @default {200}
   * @returns The response.
   */
  respond(body: AnswerBody, headers?: Readonly<Record<string, string>>, status?: number): Response;
}

/** Body of an answer: whole, or sent at the client's pace. */
export type AnswerBody = string | Uint8Array<ArrayBuffer> | PacedBody | null;

/** Parts that open routes and those with access have in common. */
export interface RouteOf<Context> {
  /** HTTP method. `HEAD` goes to the `GET` route. */
  method: "GET" | "POST" | "REPORT";
  /**
   * Path. A segment `{name}` or `{name}.gif` matches any text without a slash; a last segment `{name...}` matches the rest of the
   * path, slashes included. Neither matches nothing: `/files/{name...}` does not match `/files/`.
   */
  path: string;
  /** Whether browsers of other origins may read the answers, errors included. @default {false} */
  cors?: boolean;
  /** Answers the request. */
  handle(request: Request, context: Context): Response | Promise<Response>;
}

/** One method of one path that is open to everybody. */
export interface OpenRoute extends RouteOf<RouteContext> {
  /** Not for such a route. */
  access?: never;
}

/** One method of one path that answers in the name of the environment that a credential opens. */
export interface EnvironmentRoute extends RouteOf<EnvironmentContext> {
  /** Ways to identify oneself, tried in order. */
  access: readonly Access[];
  /**
   * Answers instead of `handle` where no environment with data was opened.
   *
   * @default {refuseRequest}
   */
  refuse?(why: Refusal, kind: CredentialKind): Response;
}

/** One method of one path. */
export type Route = OpenRoute | EnvironmentRoute;
