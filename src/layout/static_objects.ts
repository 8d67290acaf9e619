/**
 * Objects that are there from the start: one block of RAW for each heap.
 *
 * ```text
 *   byte 0          960    992          1056         9440  9488      21776 21824
 *   ┌───────────────┬──────┬─────────────┬───────────┬─────┬─────────┬─────┬──────────┬─ …
 *   │ type objects  │ None │ False True  │ ints from │ ""  │ "\0" to │ b"" │ b"\0" to │
 *   │ 64 bytes each │      │             │ -5 to 256 │     │ "\xff"  │     │ b"\xff"  │
 *   └───────────────┴──────┴─────────────┴───────────┴─────┴─────────┴─────┴──────────┴─ …
 *   34112        34160
 *   ┌────────────┬───────────────┐
 *   │ gc head () │ names of types│  32 bytes each
 *   └────────────┴───────────────┘
 * ```
 *
 * Offsets are in bytes here, because objects are named by byte address; each
 * has room for the larger header. All are immortal. Written before X_STATICS
 * names the block, and never again, but for hashes.
 *
 * Source: CPython 3.14 Include/internal/pycore_global_objects.h,
 * pycore_interp_structs.h, struct _Py_static_objects.
 *
 * @module
 */

/** Size of a type object; that of kind k stands at k times this. Bytes. */
export const TYPE_SIZE = 64;
/** Binary logarithm of {@linkcode TYPE_SIZE}. */
export const TYPE_BITS = 6;
/** `None`. */
export const NONE = 960;
/** `False`. */
export const FALSE = 992;
/** `True`. */
export const TRUE = 1024;
/** The int {@linkcode INT_MIN}; those above it follow. */
export const INTS = 1056;
/** `""`. */
export const EMPTY_STR = 9440;
/** The string of character 0; those of 1 to 255 follow. */
export const CHARS = 9488;
/** `b""`. */
export const EMPTY_BYTES = 21776;
/** The bytes object of byte 0; those of 1 to 255 follow. */
export const BYTES = 21824;
/** `()`, behind the head that the collector wants. */
export const EMPTY_TUPLE = 34120;
/** Names of the types, 32 bytes each. */
export const NAMES = 34160;

/** Size of the block. Bytes. */
export const SIZEOF = 34640;

/** Size of an int. Bytes. */
export const INT_SIZE = 32;
/** Size of a str or bytes object of one character or none. Bytes. */
export const CHAR_SIZE = 48;
/** Size of a name. Bytes. */
export const NAME_SIZE = 32;
/** Smallest int that is there from the start. C: -_PY_NSMALLNEGINTS. */
export const INT_MIN = -5;
/** Largest. C: _PY_NSMALLPOSINTS - 1. */
export const INT_MAX = 256;
