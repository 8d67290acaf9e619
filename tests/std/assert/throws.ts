/**
 * Assertions about what is thrown.
 *
 * @module
 */

import { AssertionError } from "./assertion_error.ts";
import { format } from "./format.ts";

/** A class of errors, whatever its constructor takes. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error> = new (...args: any[]) => E;

/** Claims that the function throws. Returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Claims that the function throws an error of a class, with a text in it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checked(error, classOrMsg, msgIncludes, msg);
  }
  throw new AssertionError(
    "Expected function to throw" + suffix(classOrMsg, msg),
  );
}

/** Claims that the promise rejects. Returns the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Claims that the promise rejects with an error of a class and text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch {
    throw new AssertionError(
      "Function throws when expected to reject" + suffix(classOrMsg, msg),
    );
  }
  try {
    await promise;
  } catch (error) {
    return checked(error, classOrMsg, msgIncludes, msg);
  }
  throw new AssertionError(
    "Expected function to reject" + suffix(classOrMsg, msg),
  );
}

/** Claims that the value is an error, of a class, with a text in it. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  errorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  const tail = msg ? `: ${msg}` : ".";
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `Expected "error" to be an Error object${tail}\n${format(error)}`,
    );
  }
  if (errorClass !== undefined && !(error instanceof errorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${errorClass.name}", but was ` +
        `"${error.constructor.name}"${tail}\n${error.stack}`,
    );
  }
  const fits = typeof msgMatches === "string"
    ? error.message.includes(msgMatches)
    : msgMatches?.test(error.message) ?? true;
  if (!fits) {
    throw new AssertionError(
      `Expected error message to match ${format(msgMatches)}, but got ` +
        `${format(error.message)}${tail}`,
    );
  }
}

function checked(
  error: unknown,
  classOrMsg: ErrorClass<Error> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): unknown {
  if (typeof classOrMsg === "function") {
    assertIsError(error, classOrMsg, msgIncludes, msg);
  }
  return error;
}

function suffix(
  classOrMsg: ErrorClass<Error> | string | undefined,
  msg: string | undefined,
): string {
  const text = typeof classOrMsg === "string" ? classOrMsg : msg;
  return text ? `: ${text}` : ".";
}
