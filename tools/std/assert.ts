/**
 * Stand-in for `@std/assert` where no JSR is reached: the names that Halyard's tests use, with the same verdicts. The
 * wording of a failure differs; what a test may rely on is pinned by the contract test.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

/** A class whose instances are `T`. */
// deno-lint-ignore no-explicit-any
export type AnyClass<T> = abstract new (...args: any[]) => T;

/** Error of a failed assertion. */
export class AssertionError extends Error {
  /** Set so that a test report shows it. */
  override name = "AssertionError";
}

/** Fails if `expr` is falsy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/** Fails if the two differ in depth. `0` equals `-0`, `NaN` equals `NaN`, an object may lack a prototype. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) throw differ("Values are not equal", actual, expected, msg);
}

/** Fails if the two are equal in depth. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(`Expected actual: ${show(actual)} not to be: ${show(expected)}${suffix(msg)}`);
}

/** Fails if the two are not the same by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (!Object.is(actual, expected)) throw differ("Values are not strictly equal", actual, expected, msg);
}

/** Fails if `actual` lacks something of `expected`, at any depth. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (!matches(actual, expected)) throw differ("Values are not equal", actual, expected, msg);
}

/** Fails if `actual` is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`);
}

/** Fails if `actual` is not an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: AnyClass<T>,
  msg?: string,
): asserts actual is T {
  if (actual instanceof expectedType) return;
  throw new AssertionError(`Expected object to be an instance of "${expectedType.name}"${suffix(msg)}`);
}

/** Fails if the text lacks the part. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(`Expected actual: "${actual}" to contain: "${expected}"${suffix(msg)}`);
}

/** Fails if the text does not match. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) throw new AssertionError(msg ?? `Expect ${show(actual)} > ${show(expected)}`);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) throw new AssertionError(msg ?? `Expect ${show(actual)} >= ${show(expected)}`);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) throw new AssertionError(msg ?? `Expect ${show(actual)} < ${show(expected)}`);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) throw new AssertionError(msg ?? `Expect ${show(actual)} <= ${show(expected)}`);
}

/** Fails if `fn` returns; returns the error. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails if `fn` returns or throws something other than that class with that text in its message; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: AnyClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const [ErrorClass, message] = typeof classOrMsg === "string" ? [undefined, classOrMsg] : [classOrMsg, msg];
  try {
    fn();
  } catch (error) {
    return checkError(error, ErrorClass, msgIncludes, message);
  }
  throw new AssertionError(`Expected function to throw${suffix(message)}`);
}

/** Fails if the promise resolves; returns the error. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails if the promise resolves or is rejected with something other than that class with that text in its message. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: AnyClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const [ErrorClass, message] = typeof classOrMsg === "string" ? [undefined, classOrMsg] : [classOrMsg, msg];
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch {
    throw new AssertionError(`Function throws when expected to reject${suffix(message)}`);
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, ErrorClass, msgIncludes, message);
  }
  throw new AssertionError(`Expected function to reject${suffix(message)}`);
}

function checkError(
  error: unknown,
  ErrorClass: AnyClass<Error> | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): unknown {
  if (ErrorClass === undefined) return error;
  const wanted = `Expected error to be instance of "${ErrorClass.name}"`;
  if (!(error instanceof Error)) throw new AssertionError(`${wanted}, but was ${show(error)}${suffix(msg)}`);
  const { name, message } = error;
  if (!(error instanceof ErrorClass)) {
    throw new AssertionError(`${wanted}, but was "${name}" with message "${message}"${suffix(msg)}`);
  }
  if (msgIncludes === undefined || message.includes(msgIncludes)) return error;
  throw new AssertionError(
    `Expected error message to include "${msgIncludes}", but got "${message}"${suffix(msg)}`,
  );
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

function show(value: unknown): string {
  return inspect(value, { depth: 20 });
}

function differ(what: string, actual: unknown, expected: unknown, msg: string | undefined): AssertionError {
  const { message } = new nodeAssert.AssertionError({ actual, expected, operator: "deepStrictEqual" });
  return new AssertionError(`${what}${suffix(msg)}\n${message}`);
}

type Loose = Record<PropertyKey, unknown>;

/** Reports whether two values are arrays, or objects as literals make them, so that their own keys say all about them. */
function areStructures(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) || isPlain(a) && isPlain(b);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true; // 0 and -0, too
  if (!areStructures(a, b)) return isDeepStrictEqual(a, b);
  const keys = Reflect.ownKeys(a as Loose);
  return keys.length === Reflect.ownKeys(b as Loose).length &&
    keys.every((key) => Object.hasOwn(b as Loose, key) && equal((a as Loose)[key], (b as Loose)[key]));
}

function matches(actual: unknown, expected: unknown): boolean {
  const isList = Array.isArray(expected);
  if (!isList && !isPlain(expected)) return equal(actual, expected);
  if (typeof actual !== "object" || actual === null || Array.isArray(actual) !== isList) return false;
  return Object.keys(expected as Loose).every((key) =>
    Object.hasOwn(actual, key) && matches((actual as Loose)[key], (expected as Loose)[key])
  );
}
