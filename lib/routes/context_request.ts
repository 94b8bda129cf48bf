import {
  type Context,
  ContextError,
  decodeContext,
  type EnvironmentMetadata,
  readContext,
} from "../model/mod.ts";
import { readBody } from "../http/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import { mayUseContext } from "./secure_mode.ts";

/** Error of a request that is refused. */
export class RequestError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "RequestError";
  /** HTTP status. */
  readonly status: number;

  /**
   * Creates the error.
   *
   * @param status HTTP status.
   * @param message Message for the client.
   */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  /** Response: JSON with the message, or plain text for 415, as with the Relay Proxy. */
  toResponse(): Response {
    if (this.status === 415) return new Response(this.message, { status: 415 });
    return Response.json({ message: this.message }, { status: this.status });
  }
}

/** Error of a request for whose context there is no memory: its client should come back later. */
export class NoRoomError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "NoRoomError";
}

/** A context as received: UTF-8 JSON of a body, or base64 of a path. Its length is its memory: bytes. */
export type ContextSource = Uint8Array | string;

/**
 * Parses a context that has been parsed before.
 *
 * @param source The context as received.
 * @returns The context.
 */
export function readAgain(source: ContextSource): Context {
  return typeof source === "string" ? decodeContext(source) : readContext(source);
}

/** Parsed request of a client for its context. */
export interface ContextRequest {
  /** The context of the path or the body. */
  context: Context;
  /** The same as received, which needs far less memory. */
  source: ContextSource;
  /** Whether each result includes its reason. */
  withReasons: boolean;
  /** Hash that secure mode requires, or `null`. */
  hash: string | null;
}

/** Options for {@linkcode receiveContext}. */
export interface ReceivingOptions {
  /** Maximum length of a body: bytes. */
  maxBytes: number;
  /** Charges the memory of the context so far: bytes. Reports whether there is room for it. */
  charge(bytes: number): boolean;
}

/**
 * Reads what a client asks for besides its context.
 *
 * @param query The query string, where `withReasons=true` asks for reasons and `h` is the hash.
 * @returns Both.
 */
export function readParameters(query: string): Pick<ContextRequest, "withReasons" | "hash"> {
  if (query === "") return { withReasons: false, hash: null };
  const parameters = new URLSearchParams(query);
  return { withReasons: parameters.get("withReasons") === "true", hash: parameters.get("h") };
}

/**
 * Receives a context that is the body of a REPORT or POST: JSON.
 *
 * @param request The request.
 * @param options Who is charged.
 * @returns The context as received.
 * @throws {RequestError} 400, 413 or 415, with the Relay Proxy's message where it has one.
 * @throws {NoRoomError} When there is no memory for it.
 */
export async function receiveContext(
  request: Request,
  { maxBytes, charge }: ReceivingOptions,
): Promise<Uint8Array> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new RequestError(415, "Content-Type must be application/json.");
  function onLength(bytes: number): void {
    if (!charge(bytes)) throw new NoRoomError();
  }
  const body = await readBody(request, maxBytes, { onLength }).catch((error) => {
    throw error instanceof NoRoomError ? error : new RequestError(400, "Request body ended early");
  });
  if (!body) throw new RequestError(413, `A context may have ${maxBytes} bytes at most`);
  return body;
}

/**
 * Parses a context.
 *
 * @param source The context as received.
 * @returns The context.
 * @throws {RequestError} 400, with the Relay Proxy's message.
 */
export function parseSource(source: ContextSource): Context {
  try {
    return readAgain(source);
  } catch (error) {
    if (error instanceof ContextError) throw new RequestError(400, error.message);
    if (typeof source === "string") throw error;
    // A JSON parser's message quotes the text, which is personal data.
    throw new RequestError(400, "The body is not JSON");
  }
}

/**
 * Refuses a context that its client may not use.
 *
 * @param asked The parsed request.
 * @param metadata The environment.
 * @param kind Kind of its credential.
 * @throws {RequestError} 400, with the Relay Proxy's message.
 */
export function checkContext(
  { context, hash }: ContextRequest,
  metadata: EnvironmentMetadata,
  kind: CredentialKind,
): void {
  if (!mayUseContext({ kind, context, hash }, metadata)) {
    throw new RequestError(400, "Environment is in secure mode, and context hash does not match.");
  }
  // Only a legacy user's key can be empty.
  if (context.fullyQualifiedKey === "") throw new RequestError(400, "User must have a 'key' attribute");
}
