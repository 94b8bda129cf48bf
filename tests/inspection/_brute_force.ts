import {
  type CompiledEnvironment,
  compileEnvironment,
  createSession,
  evaluate,
} from "../../lib/evaluation/mod.ts";
import { applyChanges, type ContextChange } from "../../lib/inspection/mod.ts";
import { type Context, type JsonValue, parseMetadata } from "../../lib/model/mod.ts";
import { buildSnapshot, type Snapshot } from "../../lib/snapshot/mod.ts";
import { parseData, type RawData } from "../evaluation/_environment.ts";

/** What a brute force may change: kinds and attributes, and the values that it tries for them. */
export interface Pool {
  kinds: readonly string[];
  /** References, to be read beside a kind. */
  attributes: readonly string[];
  values: readonly unknown[];
}

/** An environment as it is evaluated, and as it is inspected. */
export interface Environment {
  compiled: CompiledEnvironment;
  snapshot: Snapshot;
}

/** Makes both of what a data file holds. Through JSON, because generated objects may share parts and hold -0. */
export function makeEnvironment(raw: RawData): Environment {
  const data = parseData(JSON.parse(JSON.stringify(raw)));
  const metadata = parseMetadata({ env: { envID: "e1" } }, "e1");
  return { compiled: compileEnvironment(data), snapshot: buildSnapshot({ metadata, data }) };
}

/** Evaluates a flag; the value as JSON, `undefined` for an error. */
export function evaluateText({ compiled }: Environment, key: string, context: Context): string | undefined {
  const { value, reason } = evaluate(createSession(compiled, context), key)!;
  return reason.kind === "ERROR" ? undefined : JSON.stringify(value);
}

/** Lists all changes of one attribute. */
export function listChanges({ kinds, attributes, values }: Pool): ContextChange[] {
  const json: JsonValue[] = JSON.parse(JSON.stringify([null, ...values]));
  return kinds.flatMap((kind) =>
    attributes.flatMap((attribute) =>
      json.filter((value) => isPossible(attribute, value)).map((value) => ({ kind, attribute, value }))
    )
  );
}

function isPossible(attribute: string, value: JsonValue): boolean {
  if (/^\/?kind$/.test(attribute)) return false;
  if (/^\/?key$/.test(attribute)) return value === null || (typeof value === "string" && value !== "");
  if (attribute === "name") return value === null || typeof value === "string";
  return attribute !== "anonymous" || typeof value === "boolean";
}

/** Finds all values that a flag gets by one of some changes. */
export function findReachable(
  environment: Environment,
  key: string,
  contexts: readonly Context[],
): Set<string | undefined> {
  return new Set(contexts.map((context) => evaluateText(environment, key, context)));
}

/** Applies each of some changes, but those that leave nothing of a context. */
export function applyEach(context: Context, changes: readonly ContextChange[]): Context[] {
  return changes.map((change) => applyChanges(context, [change])).filter(({ parts }) => parts.length > 0);
}
