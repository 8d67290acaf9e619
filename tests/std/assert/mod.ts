/**
 * `@std/assert` for machines that reach no registry: the functions that this
 * repository uses, under the same names and with the same meaning. Delete the
 * `links` line of the root's deno.json and the real package takes its place.
 *
 * @module
 */

import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { difference, format } from "./format.ts";

export { AssertionError, equal };
export { assertIsError, assertRejects, assertThrows } from "./throws.ts";

/** A class, whatever its constructor takes. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = new (...args: any[]) => any;
/** What a class makes. */
export type GetConstructorType<T extends AnyConstructor> = InstanceType<T>;
/** The values that count as false. */
export type Falsy = false | 0 | 0n | "" | null | undefined;
/** What {@linkcode assertArrayIncludes} looks into. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

/** Claims that the value counts as true. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Claims that the value counts as false. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Claims equality in depth, see `equal.ts`. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    `Values are not equal${suffix(msg)}\n\n${difference(actual, expected)}`,
  );
}

/** Claims inequality in depth, see `equal.ts`. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${format(actual)} not to be: ${format(expected)}` +
      suffix(msg),
  );
}

/** Claims identity, as `Object.is` sees it. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw new AssertionError(
    `Values are not strictly equal${suffix(msg)}\n\n` +
      difference(actual, expected),
  );
}

/** Claims that two values are not identical. */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(
    `Expected "actual" to not be strictly equal to: ${format(actual)}` +
      suffix(msg),
  );
}

/** Claims that two numbers differ by a tolerance at most. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const limit = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= limit) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to be close to "${expected}": ` +
      `delta "${delta}" is greater than "${limit}"${suffix(msg)}`,
  );
}

/** Claims that the value is neither null nor undefined. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`,
  );
}

/** Claims that the value is an instance of the class. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is GetConstructorType<T> {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name}" but was ` +
      `${format(actual)}${suffix(msg)}`,
  );
}

/** Claims that the value is no instance of the class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (!(actual instanceof unexpectedType)) return;
  throw new AssertionError(
    `Expected object to not be an instance of "${unexpectedType.name}"` +
      suffix(msg),
  );
}

/** Claims `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(order(actual, ">", expected, msg));
}

/** Claims `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (actual >= expected) return;
  throw new AssertionError(order(actual, ">=", expected, msg));
}

/** Claims `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(order(actual, "<", expected, msg));
}

/** Claims `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (actual <= expected) return;
  throw new AssertionError(order(actual, "<=", expected, msg));
}

function order(
  actual: unknown,
  relation: string,
  expected: unknown,
  msg: string | undefined,
): string {
  return `Expect ${format(actual)} ${relation} ${format(expected)}` +
    suffix(msg);
}

/** Claims that the pattern matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) return;
  throw new AssertionError(
    `Expected actual: ${format(actual)} to match: ${expected}${suffix(msg)}`,
  );
}

/** Claims that the pattern does not match. */
export function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(
    `Expected actual: ${format(actual)} to not match: ${expected}` +
      suffix(msg),
  );
}

/** Claims that a text stands in another. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `Expected actual: ${format(actual)} to contain: ${format(expected)}` +
      suffix(msg),
  );
}

/** Claims that each value has an equal in the array. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const all = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !all.some((value) => equal(value, wanted))
  );
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: ${format(actual)} to include: ${format(expected)}` +
      `${suffix(msg)}\nmissing: ${format(missing)}`,
  );
}

/** Claims that each property of `expected`, in depth, is one of `actual`. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (matches(actual, expected)) return;
  throw new AssertionError(
    `Object does not match${suffix(msg)}\n\n${difference(actual, expected)}`,
  );
}

function matches(actual: unknown, expected: unknown): boolean {
  if (!isRecord(actual) || !isRecord(expected)) return equal(actual, expected);
  return Reflect.ownKeys(expected).every((key) =>
    key in actual &&
    matches(Reflect.get(actual, key), Reflect.get(expected, key))
  );
}

/** Objects whose properties are all there is to them. */
function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    !(value instanceof Map) && !(value instanceof Set) &&
    !(value instanceof Date) && !(value instanceof RegExp) &&
    !ArrayBuffer.isView(value) && !Array.isArray(value);
}

/** Fails. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/** Fails: the code was not meant to come here. */
export function unreachable(msg?: string): never {
  throw new AssertionError(`Unreachable${suffix(msg)}`);
}
