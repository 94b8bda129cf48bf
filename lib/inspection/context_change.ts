import {
  type Context,
  type JsonValue,
  parseAttributeReference,
  type SingleContext,
  toContext,
} from "../model/mod.ts";

/** A change of one attribute of a context. */
export interface ContextChange {
  /** Kind of the part that it changes. */
  kind: string;
  /** Attribute reference as a clause with a `contextKind` has it: a plain name, or a path such as `/address/city`. */
  attribute: string;
  /**
   * The new value; null removes the attribute. For `key`, null removes the part of that kind, and a string adds one where
   * the context has none.
   */
  value: JsonValue;
}

/**
 * Formats a path as an attribute reference.
 *
 * @param path Property names from the outside in.
 * @returns The reference, to be read beside a context kind.
 */
export function formatReference(path: readonly string[]): string {
  const [first] = path;
  if (path.length === 1 && !first!.startsWith("/")) return first!;
  return path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Applies changes to a context, one after the other.
 *
 * @param context The context, which stays as it is.
 * @param changes The changes; those of a kind that the context lacks, and whose key they do not add, do nothing.
 * @returns The changed context.
 */
export function applyChanges(context: Context, changes: readonly ContextChange[]): Context {
  const parts = new Map(context.parts.map((part) => [part.kind, part]));
  for (const { kind, attribute, value } of changes) {
    const part = parts.get(kind);
    const path = parseAttributeReference(attribute, kind) ?? [attribute];
    if (path.length > 1 || path[0] !== "key") {
      if (part) parts.set(kind, changePart(part, path, value));
    } else if (typeof value === "string") parts.set(kind, withKey(part ?? makePart(kind), value));
    else parts.delete(kind);
  }
  return toContext([...parts.values()].sort((a, b) => a.kind < b.kind ? -1 : 1));
}

function makePart(kind: string): SingleContext {
  return { kind, key: "", attributes: new Map<string, JsonValue>([["kind", kind], ["anonymous", false]]) };
}

function withKey(part: SingleContext, key: string): SingleContext {
  return { ...part, key, attributes: new Map(part.attributes).set("key", key) };
}

function changePart(part: SingleContext, [name, ...rest]: string[], value: JsonValue): SingleContext {
  const attributes = new Map(part.attributes);
  const changed = changeProperty(attributes.get(name!) ?? null, rest, value);
  if (name === "anonymous") attributes.set(name, changed ?? false);
  else if (changed === null) attributes.delete(name!);
  else attributes.set(name!, changed);
  return { ...part, attributes };
}

/** What is no object has to make way for one, unless a property is removed that it does not have anyway. */
function changeProperty(before: JsonValue, [name, ...rest]: string[], value: JsonValue): JsonValue {
  if (name === undefined) return value;
  const isObject = typeof before === "object" && before !== null && !Array.isArray(before);
  if (!isObject && value === null) return before;
  const object = isObject ? before : {};
  const inner = changeProperty(Object.hasOwn(object, name) ? object[name]! : null, rest, value);
  // A computed name, because "__proto__" is a name like any other.
  if (inner !== null) return { ...object, [name]: inner };
  return Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));
}
