import {
  type Context,
  ContextError,
  type JsonValue,
  parseAttributeReference,
  readContext,
} from "../model/mod.ts";
import type { FlagTable } from "../config/mod.ts";
import { readFile } from "./archive_file.ts";
import type { Args } from "./command.ts";
import { UsageError } from "./parse_args.ts";
import type { Terminal } from "./terminal.ts";

/** Largest context that is read: what the relay takes in a body. @limit bytes: the command fails */
const MAX_CONTEXT_BYTES = 1_048_576;

/** What a legacy user, which has no kind, has on top; SDKs look for all else in `custom`. */
const LEGACY_USER = new Set(["kind", "key", "name", "anonymous", "secondary", "custom"]);

/** Flags that say for whom flags are evaluated. */
export const CONTEXT_FLAGS: FlagTable = {
  context: { value: "JSON|@FILE|-", help: "The context, as SDKs have it: JSON, a file, or standard input." },
  user: { value: "KEY", help: "The same for a context of kind user that has this key." },
  set: {
    value: "NAME=VALUE…",
    help:
      "Attributes of it, as many as needed: JSON, or text where it is not JSON. A NAME with slashes is a path.",
  },
};

/**
 * Reads the context that a command line describes.
 *
 * @param args The command line.
 * @param sets Attributes behind the first one of `--set`.
 * @param terminal Where standard input is.
 * @returns The context.
 * @throws {UsageError} When there is none, or it is not a context.
 * @throws {FileError} When its file cannot be read.
 */
export async function readContextArgs(
  { values, lists }: Args,
  sets: readonly string[],
  terminal: Terminal,
): Promise<Context> {
  const [text, user] = [values.get("context"), values.get("user")];
  if ((text === undefined) === (user === undefined)) {
    throw new UsageError(
      text === undefined ? "no context is given" : "--context and --user exclude each other",
      `write --context '{"kind":"user","key":"ann"}', or --user ann --set plan=pro`,
    );
  }
  const json = user === undefined
    ? await readText(text!, terminal)
    : JSON.stringify({ kind: "user", key: user });
  const context = applySets(json, [...lists.get("set") ?? [], ...sets]);
  return parse(new TextEncoder().encode(context));
}

async function readText(text: string, { input }: Terminal): Promise<string> {
  if (text === "-") return await readInput(input);
  if (!text.startsWith("@")) return text;
  return new TextDecoder().decode(readFile(text.slice(1), MAX_CONTEXT_BYTES));
}

async function readInput(input: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const part of input.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.length > MAX_CONTEXT_BYTES) {
      throw new UsageError(
        `the context has more than ${MAX_CONTEXT_BYTES} bytes`,
        "send only what flags test",
      );
    }
  }
  return text;
}

type JsonObject = { [name: string]: JsonValue };

/** Puts attributes into the JSON of a context. */
function applySets(json: string, sets: readonly string[]): string {
  if (sets.length === 0) return json;
  const context = parseJson(json);
  for (const set of sets) {
    const [, name, text] = /^([^=]+)=(.*)$/s.exec(set) ?? [];
    const path = parseAttributeReference(name, "user");
    const wrong = `--set cannot be ${JSON.stringify(set)}`;
    if (path === null || typeof context !== "object" || context === null || Array.isArray(context)) {
      throw new UsageError(wrong, "write --set plan=pro, or --set /address/city=Berlin");
    }
    if (context.kind === "multi" && path.length === 1) {
      throw new UsageError(`${wrong}: the context has several kinds`, `write --set /user/${set}`);
    }
    setAttribute(context, path, parseValue(text!));
  }
  return JSON.stringify(context);
}

function setAttribute(context: JsonObject, path: readonly string[], value: JsonValue): void {
  const isCustom = !Object.hasOwn(context, "kind") && !LEGACY_USER.has(path[0]!);
  // What stands on top too would count.
  if (isCustom) delete context[path[0]!];
  let object = context;
  for (const step of [...isCustom ? ["custom"] : [], ...path.slice(0, -1)]) {
    const inner = Object.hasOwn(object, step) ? object[step] : undefined;
    object = typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? inner
      : define(object, step, {}) as JsonObject;
  }
  define(object, path.at(-1)!, value);
}

/** Sets a property, even one called `__proto__`. */
function define(object: object, name: string, value: JsonValue): JsonValue {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  return value;
}

/**
 * Parses a value of the command line: JSON, or text where it is not JSON.
 *
 * @param text The text.
 * @returns The value.
 */
export function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseJson(json: string): JsonValue {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw notAContext(error as Error);
  }
}

function parse(json: Uint8Array): Context {
  let context;
  try {
    context = readContext(json);
  } catch (error) {
    throw notAContext(error as Error);
  }
  if (context.fullyQualifiedKey === "") throw notAContext(new ContextError('"key" must not be empty'));
  return context;
}

function notAContext({ message }: Error): UsageError {
  return new UsageError(
    `the context cannot be used: ${message}`,
    `a context is an object such as {"kind":"user","key":"ann","plan":"pro"}`,
  );
}
