/**
 * `PyBytesObject`: bytes, behind the header.
 *
 * ```text
 *   0         1          2
 *   ┌─────────┬──────────┬─ …
 *   │ OB_SIZE │ OB_SHASH │ bytes and a 0, up to a whole word
 *   └─────────┴──────────┴─ …
 * ```
 *
 * Written before anybody else knows of the object. Later only OB_SHASH changes,
 * once, from -1 to what every thread would write there.
 *
 * Source: CPython 3.14 Include/cpython/bytesobject.h.
 *
 * @module
 */

/** Length. Bytes. C: ob_size. */
export const OB_SIZE = 0;
/** The hash, or -1 if nobody has asked for it. C: ob_shash. */
export const OB_SHASH = 1;
/** First of the bytes. C: ob_sval. */
export const OB_SVAL = 2;

/** Fields without the bytes. Words. */
export const SIZEOF = 2;
