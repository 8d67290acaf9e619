/**
 * Which numbers are sizes.
 *
 * @module
 */

/** Largest request. Bytes. C: PY_SSIZE_T_MAX, here the largest safe integer. */
export const PY_SSIZE_T_MAX = 9007199254740991;

/** True if the value is a size that a request may have. */
export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** True if `count` items of `size` bytes have a size together. */
export function isProduct(count: number, size: number): boolean {
  return isSize(count) && isSize(size) &&
    (size === 0 || count <= PY_SSIZE_T_MAX / size);
}
