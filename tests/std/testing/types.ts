/**
 * `@std/testing/types`: claims about types, checked by the compiler.
 *
 * @module
 */

/** Claims, at compile time, that the type argument is the literal given. */
export function assertType<T extends true | false>(_expectTrue: T): void {}

/** Claims that the type argument is `true`. */
export type AssertTrue<T extends true> = never & T;
/** Claims that the type argument is `false`. */
export type AssertFalse<T extends false> = never & T;
/** Claims that the first type argument is the second. */
export type Assert<T extends true | false, Expected extends T> =
  & never
  & Expected;

/** Is the type `any`? */
export type IsAny<T> = 0 extends (1 & T) ? true : false;
/** Is the type `never`? */
export type IsNever<T> = [T] extends [never] ? true : false;
/** Is the type `unknown`? */
export type IsUnknown<T> = IsAny<T> extends true ? false
  : unknown extends T ? true
  : false;
/** May the type be null or undefined? */
export type IsNullable<T> = Extract<T, null | undefined> extends never ? false
  : true;
/** Does the union `T` have a member of `U`? */
export type Has<T, U> = IsAny<T> extends true ? true
  : IsAny<U> extends true ? false
  : Extract<T, U> extends never ? false
  : true;
/** The contrary of {@linkcode Has}. */
export type NotHas<T, U> = Has<T, U> extends false ? true : false;

/**
 * Are the two types the same? Two generic functions are compared: they are
 * assignable to each other only if their conditions are identical, which tells
 * `any`, `never`, optional and readonly properties apart.
 */
export type IsExact<T, U> = (<G>() => G extends T ? 1 : 2) extends
  (<G>() => G extends U ? 1 : 2) ? true : false;
