/** Receiver of faults: the path of a value, and what is wrong with it as the rest of a sentence that begins with the path. */
export type OnFault = (path: string, problem: string) => void;

/**
 * A check of a parsed JSON value: it reports each value in it that has another type than expected.
 * Checks compose into one description of a JSON shape; they copy nothing.
 */
export type Check = (value: unknown, path: string, onFault: OnFault) => void;

/** Names the JSON type of a value as a person would: `null`, `array`, `object`, `string`, `number`, `boolean`. */
function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function describe(value: unknown, wanted: string): string {
  return `must be ${wanted}, is ${value === undefined ? "missing" : typeName(value)}`;
}

/** Accepts a string. */
export function string(value: unknown, path: string, onFault: OnFault): void {
  if (typeof value !== "string") onFault(path, describe(value, "a string"));
}

/** Accepts `true` and `false`. */
export function boolean(value: unknown, path: string, onFault: OnFault): void {
  if (typeof value !== "boolean") onFault(path, describe(value, "a boolean"));
}

/** Accepts a whole number that a double holds exactly (at most 2^53 - 1 in size). */
export function integer(value: unknown, path: string, onFault: OnFault): void {
  if (typeof value !== "number") onFault(path, describe(value, "an integer"));
  else if (!Number.isSafeInteger(value)) {
    onFault(path, `must be an integer between -(2^53 - 1) and 2^53 - 1, is ${value}`);
  }
}

/** Accepts any JSON number. */
export function number(value: unknown, path: string, onFault: OnFault): void {
  if (typeof value !== "number") onFault(path, describe(value, "a number"));
}

/**
 * Accepts a number whose whole part a double holds exactly. The Relay Proxy reads every number of a flag or segment as a
 * double and cuts the fraction, so that flags made by hand with `1e3` or 33333.3 work there.
 */
export function wholeNumber(value: unknown, path: string, onFault: OnFault): void {
  integer(typeof value === "number" ? Math.trunc(value) : value, path, onFault);
}

/** Accepts everything. */
export function any(): void {}

/** Accepts a missing or null value, and what `check` accepts: Go's decoder, which the Relay Proxy uses, reads both as "not set". */
export function optional(check: Check): Check {
  return (value, path, onFault) => {
    if (value !== undefined && value !== null) check(value, path, onFault);
  };
}

/** Accepts an array whose every element passes. */
export function arrayOf(check: Check): Check {
  return (value, path, onFault) => {
    if (!Array.isArray(value)) return onFault(path, describe(value, "an array"));
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, onFault);
  };
}

/** Accepts an object whose named fields pass; other fields are free. */
export function objectOf(fields: Record<string, Check>): Check {
  const entries = Object.entries(fields);
  return (value, path, onFault) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return onFault(path, describe(value, "an object"));
    }
    for (const [name, check] of entries) {
      const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      check(field, path === "" ? name : `${path}.${name}`, onFault);
    }
  };
}
