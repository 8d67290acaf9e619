/**
 * `PyASCIIObject` and `PyCompactUnicodeObject`: a str, behind the header.
 *
 * ```text
 *   0        1      2       3
 *   ┌────────┬──────┬───────┬─ …
 *   │ LENGTH │ HASH │ STATE │ ASCII characters and a 0, up to a whole word
 *   └────────┴──────┴───────┴─ …
 *   0        1      2       3             4      5
 *   ┌────────┬──────┬───────┬─────────────┬──────┬─ …
 *   │ LENGTH │ HASH │ STATE │ UTF8_LENGTH │ UTF8 │ other characters and a 0
 *   └────────┴──────┴───────┴─────────────┴──────┴─ …
 *
 *   STATE: bits 0–1 interned, 2–4 kind, 5 compact, 6 ASCII, 7 static
 * ```
 *
 * The kind is the size of a character, the smallest that fits the largest one,
 * so that equal strings have equal bytes. Written before anybody else knows of
 * the object. Later HASH changes, once, from -1 to what every thread would
 * write there, and in the GIL build the bits of interning.
 *
 * Source: CPython 3.14 Include/cpython/unicodeobject.h.
 *
 * @module
 */

/** Length. Code points. C: length. */
export const LENGTH = 0;
/** The hash, or -1 if nobody has asked for it. C: hash. */
export const HASH = 1;
/** Bits, see above. C: state. */
export const STATE = 2;
/** First character of an ASCII string. */
export const ASCII_DATA = 3;
/** Bytes of UTF8, 0 as that is. C: utf8_length. */
export const UTF8_LENGTH = 3;
/** Block of MEM with the text in UTF-8, 0 for none. C: utf8. */
export const UTF8 = 4;
/** First character of another string. */
export const DATA = 5;

/** Bits of STATE: whether and how it is interned. */
export const INTERNED_MASK = 3;
/** Interned; the table has no reference. C: SSTATE_INTERNED_MORTAL. */
export const INTERNED_MORTAL = 1;
/** Interned for ever. C: SSTATE_INTERNED_IMMORTAL. */
export const INTERNED_IMMORTAL = 2;
/** There from the start. C: SSTATE_INTERNED_IMMORTAL_STATIC. */
export const INTERNED_STATIC = 3;
/** From STATE to the kind. */
export const KIND_SHIFT = 2;
/** Bits of the kind. */
export const KIND_MASK = 7;
/** Bit of STATE: the characters stand behind the fields. */
export const COMPACT = 1 << 5;
/** Bit of STATE: all characters are below 128. */
export const ASCII = 1 << 6;
/** Bit of STATE: one of `static_objects.ts`. */
export const STATIC = 1 << 7;
