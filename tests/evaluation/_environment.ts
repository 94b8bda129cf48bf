import {
  type CompiledEnvironment,
  compileEnvironment,
  createSession,
  evaluate,
  type Evaluation,
} from "../../lib/evaluation/mod.ts";
import { type EnvironmentData, parseContext, parseFlag, parseSegment } from "../../lib/model/mod.ts";

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** Flags and segments as a data file holds them. */
export interface RawData {
  flags?: Record<string, Json>;
  segments?: Record<string, Json>;
}

/** Parses flags and segments as an archive's would be, in ascending order of key. */
export function parseData({ flags = {}, segments = {} }: RawData): EnvironmentData {
  return { flags: parseItems(flags, parseFlag), segments: parseItems(segments, parseSegment) };
}

function parseItems<T>(items: Record<string, Json>, parse: (value: unknown, key: string) => T) {
  return new Map(
    Object.keys(items).sort().map((
      key,
    ) => [key, { value: parse(items[key], key), text: JSON.stringify(items[key]) }]),
  );
}

/** Fills in what a test does not care about: flags are on and fall through to "a" of "a", "b", "c"; "c" is the off variation. */
export function complete({ flags = {}, segments = {} }: RawData): Required<RawData> {
  const flag = {
    version: 1,
    on: true,
    variations: ["a", "b", "c"],
    fallthrough: { variation: 0 },
    offVariation: 2,
    salt: "salt",
  };
  return {
    flags: mapValues(flags, (parts, key) => ({ key, ...flag, ...parts })),
    segments: mapValues(segments, (parts, key) => ({ key, version: 1, salt: "salt", ...parts })),
  };
}

function mapValues(
  items: Record<string, Json>,
  change: (value: Json, key: string) => Json,
): Record<string, Json> {
  return Object.fromEntries(Object.entries(items).map(([key, value]) => [key, change(value, key)]));
}

/** Compiles such flags and segments. */
export function compile(raw: RawData, previous?: CompiledEnvironment): CompiledEnvironment {
  return compileEnvironment(parseData(complete(raw)), previous);
}

/** Evaluates the flag `flag` of such an environment. */
export function evaluateFlag(raw: RawData, context: unknown): Evaluation {
  return evaluate(createSession(compile(raw), parseContext(context)), "flag")!;
}

/** Whether a clause matches a context; `"malformed"` when it makes its flag so. */
export function matchClause(
  clause: Json,
  context: unknown,
  segments: Record<string, Json> = {},
): boolean | "malformed" {
  const { reason } = evaluateFlag({
    flags: { flag: { rules: [{ clauses: [clause], variation: 1 }] } },
    segments,
  }, context);
  return reason.kind === "ERROR" ? "malformed" : reason.kind === "RULE_MATCH";
}
