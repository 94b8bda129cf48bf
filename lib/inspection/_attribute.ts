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
  /** What its value may be, besides null for all but booleans: "key" for the key of a part, "none" for null alone. */
  type: "key" | "text" | "boolean" | "any" | "none";
}

/** Types of the attributes that mean something in every context; none of them has properties. */
const BUILT_IN: ReadonlyMap<string, Attribute["type"]> = new Map<string, Attribute["type"]>([
  ["kind", "none"],
  ["key", "key"],
  ["name", "text"],
  ["anonymous", "boolean"],
  ["_meta", "none"],
]);

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
  const type = getType(kind, path);
  // A part that is added is not anonymous.
  const absent = type === "boolean" ? false : null;
  return {
    id: JSON.stringify([kind, path]),
    kind,
    path,
    current: part ? getAttribute(context, kind, path) : absent,
    secondary: part?.secondary,
    type,
  };
}

function getType(kind: string, [name, ...rest]: readonly string[]): Attribute["type"] {
  if (!isKind(kind)) return "none";
  const builtIn = BUILT_IN.get(name!);
  if (builtIn === undefined) return "any";
  return rest.length > 0 ? "none" : builtIn;
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
export function mayBe({ type }: Attribute, value: JsonValue): boolean {
  switch (type) {
    case "key":
      return value === null || (typeof value === "string" && value !== "");
    case "text":
      return value === null || typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "any":
      return true;
    case "none":
      return value === null;
  }
}
