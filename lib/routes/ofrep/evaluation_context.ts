import { type Context, ContextError, parseContext } from "../../model/mod.ts";
import { OfrepError } from "./ofrep_error.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Converts an evaluation context of OpenFeature to a context of LaunchDarkly, as LaunchDarkly's own OpenFeature providers do.
 *
 * Its kind is `kind`, else `user`; its key `targetingKey`, else `key`. A `name` that is no text and an `anonymous` that is no
 * boolean are left out. Of kind `multi`, each object is the context of the kind that it is named after.
 *
 * @param json The context: JSON.
 * @returns The context.
 * @throws {OfrepError} `TARGETING_KEY_MISSING` or `INVALID_CONTEXT`.
 */
export function convertContext(json: unknown): Context {
  if (!isObject(json)) throw new OfrepError("INVALID_CONTEXT", "The context must be an object");
  try {
    return parseContext(json["kind"] === "multi" ? convertMulti(json) : convertSingle(json, json["kind"]));
  } catch (error) {
    throw error instanceof ContextError ? new OfrepError("INVALID_CONTEXT", error.message) : error;
  }
}

function convertMulti(json: JsonObject): JsonObject {
  const parts = Object.entries(json).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
  return Object.fromEntries<unknown>([
    ["kind", "multi"],
    ...parts.map(([kind, part]) => [kind, convertSingle(part, kind)] as const),
  ]);
}

function convertSingle(
  { targetingKey, key, name, anonymous, privateAttributes: _, ...attributes }: JsonObject,
  kind: unknown,
): JsonObject {
  const chosen = targetingKey ?? key ?? "";
  if (chosen === "") {
    throw new OfrepError("TARGETING_KEY_MISSING", "The context has neither targetingKey nor key");
  }
  return {
    ...attributes,
    kind: typeof kind === "string" ? kind : "user",
    key: chosen,
    ...typeof name === "string" && { name },
    ...typeof anonymous === "boolean" && { anonymous },
  };
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
