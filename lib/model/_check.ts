/**
 * A check of a parsed JSON value: it throws a `TypeError` that names the path and the expected type.
 * Checks compose into one description of a JSON shape; they copy nothing.
 */
export type Check = (value: unknown, path: string) => void;

/** Names the JSON type of a value as a person would: `null`, `array`, `object`, `string`, `number`, `boolean`. */
function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function refuse(value: unknown, path: string, wanted: string): never {
  throw new TypeError(
    `"${path}" must be ${wanted}, is ${value === undefined ? "missing" : typeName(value)}`,
  );
}

/** Accepts a string. */
export function string(value: unknown, path: string): void {
  if (typeof value !== "string") refuse(value, path, "a string");
}

/** Accepts `true` and `false`. */
export function boolean(value: unknown, path: string): void {
  if (typeof value !== "boolean") refuse(value, path, "a boolean");
}

/** Accepts a whole number that a double holds exactly (at most 2^53 - 1 in size). */
export function integer(value: unknown, path: string): void {
  if (typeof value !== "number") refuse(value, path, "an integer");
  if (!Number.isSafeInteger(value)) {
    throw new TypeError(
      `"${path}" must be an integer between -(2^53 - 1) and 2^53 - 1, is ${value}`,
    );
  }
}

/** Accepts any JSON number. */
export function number(value: unknown, path: string): void {
  if (typeof value !== "number") refuse(value, path, "a number");
}

/**
 * Accepts a number whose whole part a double holds exactly. The Relay Proxy reads every number of a flag or segment as a
 * double and cuts the fraction, so that flags made by hand with `1e3` or 33333.3 work there.
 */
export function wholeNumber(value: unknown, path: string): void {
  integer(typeof value === "number" ? Math.trunc(value) : value, path);
}

/** Accepts everything. */
export function any(): void {}

/** Accepts a missing or null value, and what `check` accepts: Go's decoder, which the Relay Proxy uses, reads both as "not set". */
export function optional(check: Check): Check {
  return (value, path) => {
    if (value !== undefined && value !== null) check(value, path);
  };
}

/** Accepts an array whose every element passes. */
export function arrayOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) refuse(value, path, "an array");
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`);
  };
}

/** Accepts an object whose named fields pass; other fields are free. */
export function objectOf(fields: Record<string, Check>): Check {
  const entries = Object.entries(fields);
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      refuse(value, path, "an object");
    }
    for (const [name, check] of entries) {
      const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      check(field, path === "" ? name : `${path}.${name}`);
    }
  };
}
