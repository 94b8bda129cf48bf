import { type Context, ContextError, getAttribute, type JsonValue, parseContext } from "../model/mod.ts";

/** An attribute that a search may change. */
export interface Attribute {
  /** Name that no other attribute has. */
  id: string;
  /** Kind of the part. */
  kind: string;
  /** Property names from the outside in. */
  path: readonly string[];
  /** Value in the context; null when it has none. */
  current: JsonValue;
  /** Secondary key of a legacy user, which is hashed with it. */
  secondary: string | undefined;
  /** What it may hold: a key, a text, true or false, anything, or nothing at all. */
  holds: "key" | "text" | "boolean" | "anything" | "nothing";
}

/** Names that every context has a meaning for; they hold no objects. */
const BUILT_IN = new Set(["kind", "key", "name", "anonymous", "_meta"]);

/**
 * Makes an attribute.
 *
 * @param context The context.
 * @param kind Kind of the part.
 * @param path Property names from the outside in.
 * @returns The attribute.
 */
export function makeAttribute(context: Context, kind: string, path: readonly string[]): Attribute {
  const part = context.parts.find((part) => part.kind === kind);
  const holds = findHolds(kind, path);
  // A part that is added is not anonymous.
  const absent = holds === "boolean" ? false : null;
  return {
    id: JSON.stringify([kind, path]),
    kind,
    path,
    current: part ? getAttribute(context, kind, path) : absent,
    secondary: part?.secondary,
    holds,
  };
}

function findHolds(kind: string, path: readonly string[]): Attribute["holds"] {
  const [name, ...rest] = path;
  if (!isKind(kind) || (rest.length > 0 && BUILT_IN.has(name!))) return "nothing";
  if (rest.length > 0 || !BUILT_IN.has(name!)) return "anything";
  return name === "key" ? "key" : name === "name" ? "text" : name === "anonymous" ? "boolean" : "nothing";
}

/**
 * Reports whether a text can be the kind of a context.
 *
 * @param text The text.
 * @returns Whether it can.
 */
export function isKind(text: string): boolean {
  try {
    return parseContext({ kind: text, key: "key" }).parts.length === 1;
  } catch (error) {
    if (error instanceof ContextError) return false;
    throw error;
  }
}

/**
 * Reports whether an attribute may have a value.
 *
 * @param attribute The attribute.
 * @param value The value; null for none.
 * @returns Whether it may.
 */
export function mayHold({ holds }: Attribute, value: JsonValue): boolean {
  switch (holds) {
    case "key":
      return value === null || (typeof value === "string" && value !== "");
    case "text":
      return value === null || typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "anything":
      return true;
    case "nothing":
      return value === null;
  }
}
