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

/** Lists all changes of one attribute: references are read beside a kind. */
export function listChanges(
  kinds: readonly string[],
  attributes: readonly string[],
  values: readonly unknown[],
): ContextChange[] {
  const json: JsonValue[] = JSON.parse(JSON.stringify([null, ...values]));
  return kinds.flatMap((kind) =>
    attributes.flatMap((attribute) =>
      json.filter((value) => isPossible(attribute, value)).map((value) => ({ kind, attribute, value }))
    )
  );
}

function isPossible(attribute: string, value: JsonValue): boolean {
  switch (attribute.replace("/", "")) {
    case "kind":
      return false;
    case "key":
      return value === null || (typeof value === "string" && value !== "");
    case "name":
      return value === null || typeof value === "string";
    case "anonymous":
      return typeof value === "boolean";
    default:
      return true;
  }
}

/** Applies each of some changes, but those that leave nothing of a context. */
export function applyEach(context: Context, changes: readonly ContextChange[]): Context[] {
  return changes.map((change) => applyChanges(context, [change])).filter(({ parts }) => parts.length > 0);
}
