/**
 * `PyLongObject`: an int of any size, behind the header. Also True and False.
 *
 * ```text
 *   0        1          2
 *   ┌────────┬──────────┬─ …
 *   │ LV_TAG │ OB_DIGIT │ more digits, the lowest first
 *   └────────┴──────────┴─ …
 * ```
 *
 * LV_TAG has the count of digits from bit 3 on, and the sign in bits 0–1. The
 * highest digit is not 0; the number 0 has no digits, but room for one. All is
 * written before anybody else knows of the object, and never again.
 *
 * Source: CPython 3.14 Include/cpython/longintrepr.h, struct _PyLongValue.
 *
 * @module
 */

/** Count of digits and sign. C: lv_tag. */
export const LV_TAG = 0;
/** First digit, 30 bits. C: ob_digit. */
export const OB_DIGIT = 1;

/** Fields without digits. Words. */
export const SIZEOF = 1;
/** From LV_TAG to the count of digits. C: NON_SIZE_BITS. */
export const NON_SIZE_BITS = 3;
/** Bits of LV_TAG with the sign. C: SIGN_MASK. */
export const SIGN_MASK = 3;
/** Sign of a number above 0. C: SIGN_POSITIVE. */
export const POSITIVE = 0;
/** Sign of 0. C: SIGN_ZERO. */
export const ZERO = 1;
/** Sign of a number below 0. C: SIGN_NEGATIVE. */
export const NEGATIVE = 2;
/** Bits of a digit. Count. C: PyLong_SHIFT. */
export const SHIFT = 30;
