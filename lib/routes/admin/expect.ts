/**
 * `?expect=PATH=VALUE` and `?expect=PATH!=VALUE` on status routes, as the Relay Proxy 9 has them: a health check compares fields of
 * the answer without parsing JSON. A path has fields (`dataFile.digest`), quoted fields (`environments["e1"]`), positions (`[0]`)
 * and searches (`[value=abc]`: the first element with that).
 *
 * @module
 */

/** Name in a shape for any field. */
export const ANY = Symbol("any field");

/** JSON with every field that may be there, an object with {@linkcode ANY} for a map, and one element for each array. */
export type Shape = string | number | readonly Shape[] | { readonly [name: string | symbol]: Shape };

/** Result of one clause. */
export type ClauseResult =
  | { expr: string; expected: string; actual: string | null; ok: boolean }
  | { expr: string; problem: string; ok: false };

/** Results of all clauses. */
export interface Expectations {
  /** That of the worst clause: 200 it holds, 412 it does not, 422 no such field or operator, 400 it cannot be read. */
  status: 200 | 400 | 412 | 422;
  /** Body of the answer. */
  body: { satisfied: boolean; results: ClauseResult[] };
}

type Step = string | number | { field: string; value: string };

type Outcome = [status: Expectations["status"], result: ClauseResult];

/** Outcomes, the worst first. */
const STATUSES = [400, 422, 412, 200] as const;

const NAME = String.raw`[^\s."=!<>~[\]]+`;
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const STEP = new RegExp(
  String
    .raw`(?:^|(?<=.)\.)(?<name>${NAME})|\[(?:(?<quoted>${QUOTED})|(?<index>\d+)|(?<field>${NAME})=(?<value>${QUOTED}|[^\]"]*))\]`,
  "y",
);

/** Operators that people write. Only `=` and `!=` are there. */
const OPERATOR = /==|!=|=|[<>]=?|!?~|!/y;

/**
 * Compares a status with what a request expects of it.
 *
 * @param query Query string of the request.
 * @param value The status: JSON.
 * @param shape All that it may have.
 * @returns The results; `undefined` where the request expects nothing.
 */
export function checkExpectations(query: string, value: unknown, shape: Shape): Expectations | undefined {
  const clauses = readClauses(query);
  if (clauses?.length === 0) return undefined;
  const outcomes = clauses?.map((expr) => checkClause(expr, value, shape)) ??
    [fail(400, query, "the query string is not percent-encoded text")];
  const status = STATUSES.find((status) => outcomes.some((outcome) => outcome[0] === status))!;
  return { status, body: { satisfied: status === 200, results: outcomes.map(([, result]) => result) } };
}

/** Lists the clauses of a query string; `undefined` when it cannot be decoded. */
function readClauses(query: string): string[] | undefined {
  try {
    return query.split("&").flatMap((parameter) => {
      const [name = "", ...rest] = parameter.replaceAll("+", " ").split("=");
      const value = decodeURIComponent(rest.join("="));
      return decodeURIComponent(name) === "expect" ? [value] : [];
    });
  } catch {
    return undefined;
  }
}

function checkClause(expr: string, value: unknown, shape: Shape): Outcome {
  const steps: Step[] = [];
  let position = 0;
  STEP.lastIndex = 0;
  for (let match = STEP.exec(expr); match; match = STEP.exec(expr)) {
    steps.push(toStep(match.groups!));
    position = STEP.lastIndex;
  }
  OPERATOR.lastIndex = position;
  const operator = OPERATOR.exec(expr)?.[0];
  if (steps.length === 0 || operator === undefined) {
    return fail(400, expr, "it is not a path, = or !=, and a value");
  }
  if (operator !== "=" && operator !== "!=") {
    return fail(422, expr, `there is no operator ${operator}: use = or !=`);
  }
  const found = follow(steps, value, shape);
  if (typeof found === "string") return fail(422, expr, found);
  const expected = expr.slice(OPERATOR.lastIndex);
  const actual = found.value === undefined ? null : String(found.value);
  const ok = actual !== null && (actual === expected) === (operator === "=");
  return [ok ? 200 : 412, { expr, expected, actual, ok }];
}

function toStep({ name, quoted, index, field, value = "" }: Record<string, string | undefined>): Step {
  if (field !== undefined) return { field, value: value.startsWith('"') ? unquote(value) : value };
  if (index !== undefined) return Number(index);
  return name ?? unquote(quoted!);
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, "$1");
}

function fail(status: 400 | 422, expr: string, problem: string): Outcome {
  return [status, { expr, problem, ok: false }];
}

/** Follows a path. Returns what is there, which may be nothing, or why such a path never leads to a value. */
function follow(steps: readonly Step[], value: unknown, shape: Shape): { value: unknown } | string {
  for (const step of steps) {
    let next: Shape | undefined;
    if (typeof step === "string") {
      next = Array.isArray(shape) ? undefined : getField(shape, ANY) ?? getField(shape, step);
      value = getField(value, step);
    } else if (Array.isArray(shape)) {
      const elements = value as unknown[] | undefined;
      next = (shape as readonly Shape[])[0];
      if (typeof step === "number") value = elements?.[step];
      else if (getField(next, step.field) === undefined) return `there is no field ${step.field}`;
      else value = elements?.find((element) => String(getField(element, step.field)) === step.value);
    }
    if (next === undefined) {
      return `there is no ${typeof step === "string" ? "field" : "list with"} ${describe(step)}`;
    }
    shape = next;
  }
  return typeof shape === "object" ? "it names an object or a list, not a value" : { value };
}

function getField<T>(value: T, name: string | symbol): T | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string | symbol, T>)[name];
}

function describe(step: Step): string {
  return typeof step === "object" ? `${step.field}=${step.value}` : `${step}`;
}
