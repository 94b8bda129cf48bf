import type { JsonValue } from "./flag.ts";
import { findExcess } from "./json_size.ts";

/** Deepest nesting of objects and arrays inside one context. LaunchDarkly's own attributes are a few levels deep; this keeps recursion short. @limit levels: the request is answered 400 */
const MAX_CONTEXT_DEPTH = 64;

/** Most JSON values in one context, nested ones included. Every clause may test each element of an array, so this bounds the cost of one request. @limit values: the request is answered 400 */
const MAX_CONTEXT_VALUES = 10_000;

/** Most kinds in one context. LaunchDarkly accepts a handful; a clause on `kind` tests each. @limit kinds: the request is answered 400 */
const MAX_CONTEXT_KINDS = 100;

/** The Relay Proxy's response to a URL that is not base64; clients may show it, so these words stay. */
const NOT_BASE64 = "context part of URL path did not decode as valid base64";

/** The Relay Proxy's response to a text that is not a context. */
const NOT_A_CONTEXT = "context part of URL path did not decode to valid evaluation context as JSON";

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;
const BASE64_URL = /^[\w-]*={0,2}$/;
const KIND = /^[\w.-]+$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Built-in string attributes of a legacy user; all others are in `custom`. */
const USER_STRINGS = new Set(["name", "firstName", "lastName", "email", "country", "avatar", "ip"]);

/** Names that `custom` of a legacy user cannot take, because a context means something else by them. */
const RESERVED_CUSTOM = new Set(["kind", "key", "name", "anonymous", "_meta"]);

/** Error: not a context. The message can be shown to the client; `cause` may have details. */
export class ContextError extends TypeError {
  /** Always {@linkcode ContextError}. */
  override readonly name = "ContextError";
}

/** One kind's part of a context. */
export interface SingleContext {
  /** Its kind, e.g. `user`. */
  kind: string;
  /** Its key; empty only for a legacy user. */
  key: string;
  /** All that clauses can test: `kind`, `key`, `anonymous`, `name` if present, and its own attributes. None is null. */
  attributes: Map<string, JsonValue>;
  /** Part of the bucketing hash; legacy users only. */
  secondary?: string;
}

/** A context that flags are evaluated for: one part per kind. */
export interface Context {
  /** The parts, in ascending order of kind. */
  parts: SingleContext[];
  /** The canonical key, which secure mode signs. Empty for a legacy user with an empty key, and only then. */
  fullyQualifiedKey: string;
}

/**
 * Parses a context out of already parsed JSON: a single-kind or a multi-kind context, or a legacy user (no `kind`).
 * Private attributes are ignored, since nothing is sent on. A multi-kind context with one kind is that single context.
 *
 * @param json JSON value.
 * @returns The context; a legacy user with an empty key is let through, so that the caller can refuse it last.
 * @throws {ContextError} When it is none, or has too many kinds.
 */
export function parseContext(json: unknown): Context {
  const root = asObject(json, "context");
  if (!Object.hasOwn(root, "kind")) return toContext([parseUser(root)]);
  const kind = root.kind;
  if (kind !== "multi") return toContext([parseSingle(root, kind, "")]);
  const kinds = Object.keys(root).filter((name) => name !== "kind").sort();
  if (kinds.length === 0) throw new ContextError('A context of kind "multi" must have at least one kind');
  if (kinds.length > MAX_CONTEXT_KINDS) {
    throw new ContextError(`A context must have at most ${MAX_CONTEXT_KINDS} kinds, has ${kinds.length}`);
  }
  return toContext(kinds.map((name) => parseSingle(asObject(root[name], name), name, `${name}.`)));
}

/**
 * Parses JSON that holds a context.
 *
 * @param json JSON in UTF-8.
 * @returns The value.
 * @throws {ContextError} When it exceeds the limits of depth or values.
 * @throws {SyntaxError | TypeError} When it is not JSON or not UTF-8.
 */
export function parseContextJson(json: Uint8Array): unknown {
  checkSize(json);
  return JSON.parse(UTF8.decode(json));
}

/**
 * Reads a context out of JSON.
 *
 * @param json JSON in UTF-8.
 * @returns The context, as {@linkcode parseContext} returns it.
 * @throws {ContextError} When it is none, or exceeds the limits of depth, values or kinds.
 * @throws {SyntaxError | TypeError} When it is not JSON or not UTF-8.
 */
export function readContext(json: Uint8Array): Context {
  return parseContext(parseContextJson(json));
}

/**
 * Decodes base64 as clients have it: the URL-safe or the standard alphabet, padded or not. Line breaks in it do not count, as
 * with Go's decoder: some encoders put one after each 76 characters.
 *
 * @param text Base64.
 * @returns The bytes.
 * @throws {SyntaxError} When it is something else.
 */
export function decodeBase64(text: string): Uint8Array {
  return BASE64_URL.test(text)
    ? Uint8Array.fromBase64(text, { alphabet: "base64url" })
    : Uint8Array.fromBase64(toStandardAlphabet(text));
}

/**
 * Decodes a context out of base64, see {@linkcode decodeBase64}.
 *
 * @param text Base64 of a context's JSON in UTF-8, as clients put it into URLs.
 * @returns The context.
 * @throws {ContextError} With the Relay Proxy's words for "not base64" or "not a context"; `cause` is the reason.
 */
export function decodeContext(text: string): Context {
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64(text);
  } catch (cause) {
    throw new ContextError(NOT_BASE64, { cause });
  }
  try {
    return readContext(bytes);
  } catch (cause) {
    throw new ContextError(NOT_A_CONTEXT, { cause });
  }
}

function toStandardAlphabet(text: string): string {
  const base64 = text.replace(/[\r\n]+/g, "").replaceAll("-", "+").replaceAll("_", "/");
  if (!BASE64.test(base64)) throw new SyntaxError("A character is outside the alphabet");
  return base64;
}

/**
 * Gets what a path of property names leads to in one kind's part of a context.
 *
 * @param context The context.
 * @param kind Kind of the part.
 * @param path Property names from the outside in; arrays cannot be stepped into.
 * @returns The value, or `null` when the context has no such kind or attribute.
 */
export function getAttribute(context: Context, kind: string, path: readonly string[]): JsonValue {
  const part = context.parts.find((part) => part.kind === kind);
  let value: JsonValue = part?.attributes.get(path[0]!) ?? null;
  for (let i = 1; i < path.length; i++) {
    const name = path[i]!;
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) {
      return null;
    }
    value = value[name]!;
  }
  return value;
}

type JsonObject = Record<string, JsonValue>;

/**
 * Makes a context of its parts.
 *
 * @param parts The parts, in ascending order of kind.
 * @returns The context.
 */
export function toContext(parts: SingleContext[]): Context {
  const [first] = parts;
  return {
    parts,
    fullyQualifiedKey: parts.length === 1 && first!.kind === "user"
      ? first!.key
      : parts.map(({ kind, key }) => `${kind}:${key.replaceAll("%", "%25").replaceAll(":", "%3A")}`).join(
        ":",
      ),
  };
}

/**
 * Reports whether a context may have a kind.
 *
 * @param kind The kind.
 * @returns Whether it is made of ASCII letters, digits, `.`, `_` and `-`, and neither `kind` nor `multi`.
 */
export function isContextKind(kind: string): boolean {
  return KIND.test(kind) && kind !== "kind" && kind !== "multi";
}

function parseSingle(object: JsonObject, kind: unknown, path: string): SingleContext {
  if (typeof kind !== "string" || !isContextKind(kind)) {
    throw new ContextError(
      'A context kind must be made of ASCII letters, digits, ".", "_" and "-", and not be "kind" or "multi"',
    );
  }
  if (typeof object.key !== "string" || object.key === "") {
    throw new ContextError(`"${path}key" must be a string that is not empty`);
  }
  checkString(object.name, `${path}name`);
  const attributes = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(object)) {
    if (value !== null && name !== "_meta") attributes.set(name, value);
  }
  attributes.set("kind", kind);
  attributes.set("anonymous", readAnonymous(object, path));
  return { kind, key: object.key, attributes };
}

/** Of an attribute that stands both on top and in `custom`, the later one counts; a null in `custom` removes it. */
function parseUser(object: JsonObject): SingleContext {
  if (typeof object.key !== "string") throw new ContextError('"key" must be a string');
  const attributes = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(object)) {
    if (name === "custom") {
      for (const [name, inner] of Object.entries(asObject(value ?? {}, "custom"))) {
        if (RESERVED_CUSTOM.has(name)) continue;
        if (inner === null) attributes.delete(name);
        else attributes.set(name, inner);
      }
    } else if (USER_STRINGS.has(name)) {
      const text = checkString(value, name);
      if (text !== undefined) attributes.set(name, text);
    }
  }
  attributes.set("kind", "user").set("key", object.key).set("anonymous", readAnonymous(object, ""));
  const user: SingleContext = { kind: "user", key: object.key, attributes };
  const secondary = checkString(object.secondary, "secondary");
  if (secondary !== undefined) user.secondary = secondary;
  return user;
}

function readAnonymous(object: JsonObject, path: string): boolean {
  const anonymous = object.anonymous ?? false;
  if (typeof anonymous !== "boolean") throw new ContextError(`"${path}anonymous" must be a boolean`);
  return anonymous;
}

function checkString(value: JsonValue | undefined, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new ContextError(`"${path}" must be a string`);
  return value;
}

function asObject(value: unknown, path: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ContextError(`"${path}" must be an object`);
  }
  return value as JsonObject;
}

function checkSize(json: Uint8Array): void {
  const excess = findExcess(json, { depth: MAX_CONTEXT_DEPTH, values: MAX_CONTEXT_VALUES });
  if (excess === "depth") {
    throw new ContextError(`A context must be nested at most ${MAX_CONTEXT_DEPTH} deep`);
  }
  if (excess === "values") throw new ContextError(`A context must hold at most ${MAX_CONTEXT_VALUES} values`);
}
