/**
 * Whether the value of a pointer looks like memory that the hooks have filled.
 *
 * Source: CPython 3.14 Include/internal/pycore_pymem.h: _PyMem_IsPtrFreed().
 *
 * @module
 */

/** CD, DD and FD, four times each, as they are read from `u32`. */
const FILLS = [0xcdcdcdcd, 0xdddddddd, 0xfdfdfdfd];

/**
 * True if a pointer is NULL, or was read from memory that the hooks have
 * filled. It is not followed.
 *
 * @param ptr Value of a pointer: a word, signed or not.
 */
export function isPtrFreed(ptr: number): boolean {
  return ptr === 0 || FILLS.includes(ptr >>> 0);
}
