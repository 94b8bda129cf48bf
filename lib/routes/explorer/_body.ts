import { readBody } from "../../http/mod.ts";
import {
  type Context,
  ContextError,
  decodeBase64,
  findExcess,
  parseContextJson,
  readContext,
} from "../../model/mod.ts";
import type { Pause } from "../../wire/mod.ts";
import { ApiError } from "./_api_error.ts";

/** Longest body: bytes. A context has as many at most. @limit bytes: the request is answered 413 */
const MAX_BODY_BYTES = 1_000_000;

/** Deepest nesting of a body, whose context may have 64 levels. @limit levels: the request is answered 400 */
const MAX_BODY_DEPTH = 80;

/** Most JSON values in a body, which may have two contexts of 10,000 each, or one and as many keys of flags. @limit values: the request is answered 400 */
const MAX_BODY_VALUES = 20_100;

/** Fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** What stands in an error about a context. */
const CONTEXT_HINT = 'a context is an object such as {"kind":"user","key":"ann","plan":"pro"}';

/**
 * Reads the body of a request.
 *
 * @param request The request.
 * @param names Names that it may have.
 * @param pause Called before it is parsed, which takes a slice.
 * @returns Its fields.
 * @throws {ApiError} When it is too long, or no JSON object of such names.
 */
export async function readFields(request: Request, names: readonly string[], pause: Pause): Promise<Fields> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ApiError(415, "the body is not JSON", "send Content-Type: application/json");
  }
  const body = await readBody(request, MAX_BODY_BYTES).catch(() => {
    throw new ApiError(400, "the body ended early");
  });
  if (!body) throw new ApiError(413, `a body has ${MAX_BODY_BYTES} bytes at most`);
  await pause();
  return asFields(parse(body), "the body", names);
}

/**
 * Takes a JSON value for an object.
 *
 * @param value The value.
 * @param what What it is, for the error.
 * @param names Names that it may have.
 * @returns Its fields.
 * @throws {ApiError} When it is none.
 */
export function asFields(value: unknown, what: string, names: readonly string[]): Fields {
  const hint = `it is an object with ${names.join(", ")}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ApiError(400, `${what} is not an object`, hint);
  }
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new ApiError(400, `${what} has no field ${JSON.stringify(unknown)}`, hint);
  return { ...value };
}

/** A context of a body. */
export interface SentContext {
  /** As a JSON value, which is an object. */
  json: unknown;
  /** The context itself. */
  parsed: Context;
}

/**
 * Reads the context of a body: an object, or the base64 that clients put into URLs.
 *
 * @param value The JSON value.
 * @returns The context.
 * @throws {ApiError} When it is none.
 */
export function asContext(value: unknown): SentContext {
  try {
    const json = typeof value === "string" ? decodeJson(value) : value;
    // By the reader of all contexts, which checks their limits.
    const parsed = readContext(new TextEncoder().encode(JSON.stringify(json ?? null)));
    if (parsed.fullyQualifiedKey !== "") return { json, parsed };
    throw new ContextError('"key" must not be empty');
  } catch (error) {
    if (!(error instanceof ContextError)) throw error;
    throw new ApiError(400, `the context cannot be used: ${error.message}`, CONTEXT_HINT);
  }
}

function decodeJson(base64: string): unknown {
  let json: unknown;
  try {
    json = parseContextJson(decodeBase64(base64));
  } catch (error) {
    throw error instanceof ContextError ? error : new ContextError("it is not base64 of JSON");
  }
  refuseInfinity(json);
  return json;
}

/**
 * Reads an optional field that is true or false.
 *
 * @param fields The fields.
 * @param name Its name.
 * @returns Its value; false where it is not there.
 * @throws {ApiError} When it is something else.
 */
export function asBoolean(fields: Fields, name: string): boolean {
  const { [name]: value = false } = fields;
  if (typeof value !== "boolean") throw new ApiError(400, `"${name}" is not true or false`);
  return value;
}

function parse(body: Uint8Array): unknown {
  const excess = findExcess(body, { depth: MAX_BODY_DEPTH, values: MAX_BODY_VALUES });
  if (excess === "depth") throw new ApiError(400, `the body is nested more than ${MAX_BODY_DEPTH} deep`);
  if (excess === "values") {
    const hint = "send fewer contexts, or fewer keys of flags";
    throw new ApiError(400, `the body has more than ${MAX_BODY_VALUES} values`, hint);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    // A JSON parser's message quotes the text, which is personal data.
    throw new ApiError(400, "the body is not JSON in UTF-8");
  }
  refuseInfinity(value);
  return value;
}

/** What is read here is written again, which a number beyond all others would not survive. */
function refuseInfinity(value: unknown): void {
  if (value === Infinity || value === -Infinity) throw new ApiError(400, "a number of the body is too large");
  if (typeof value === "object" && value !== null) Object.values(value).forEach(refuseInfinity);
}
