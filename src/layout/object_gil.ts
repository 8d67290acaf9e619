/**
 * `PyObject` in the GIL build.
 *
 * ```text
 *   0           1
 *   ┌───────────┬─────────┬─ …
 *   │ OB_REFCNT │ OB_TYPE │ fields of the type
 *   └───────────┴─────────┴─ …
 * ```
 *
 * All words are plain and belong to whoever holds the GIL. Fields of a type
 * are counted from behind the header, in both builds alike.
 *
 * Source: CPython 3.14 Include/object.h, struct _object.
 *
 * @module
 */

/** References. Count; negative for an immortal object. C: ob_refcnt. */
export const OB_REFCNT = 0;
/** The object's type. Byte address of a type object. C: ob_type. */
export const OB_TYPE = 1;

/** Size of the header. Words. */
export const SIZEOF = 2;
/** Count of a new immortal object. C: _Py_IMMORTAL_INITIAL_REFCNT, 3 << 30. */
export const IMMORTAL = -1073741824;
