/**
 * The built-in types by number.
 *
 * @module
 */

/** A type that a program has defined. */
export const USER = 0;
/** `type`: the type of type objects. */
export const TYPE = 1;
/** `NoneType`. */
export const NONE = 2;
/** `bool`. */
export const BOOL = 3;
/** `int`. */
export const INT = 4;
/** `float`. */
export const FLOAT = 5;
/** `complex`. */
export const COMPLEX = 6;
/** `str`. */
export const STR = 7;
/** `bytes`. */
export const BYTES = 8;
/** `tuple`. */
export const TUPLE = 9;
/** `list`. */
export const LIST = 10;
/** `dict`. */
export const DICT = 11;
/** `set`. */
export const SET = 12;
/** `weakref.ReferenceType`. */
export const WEAKREF = 13;
/** `frozenset`. */
export const FROZENSET = 14;

/** Built-in types. Count, the number 0 included. */
export const KINDS = 15;
