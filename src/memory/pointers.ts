/**
 * Pointers as types: a block of one domain is no block of another.
 *
 * All pointers are numbers: byte addresses from the start of the heap's buffer.
 * The brand is there for the compiler only, so that `heap.obj.free(p)` with a
 * `MemPtr` does not compile. The result of arithmetic is a plain `number`: an
 * address inside of a block, which nothing may free.
 *
 * @module
 */

/** Block of the RAW domain. Byte address. C: what `PyMem_RawMalloc()` returns. */
export type RawPtr = number & { readonly __domain: "raw" };
/** Block of the MEM domain. Byte address. C: what `PyMem_Malloc()` returns. */
export type MemPtr = number & { readonly __domain: "mem" };
/** Block of the OBJ domain. Byte address. C: what `PyObject_Malloc()` returns. */
export type ObjPtr = number & { readonly __domain: "obj" };

/**
 * Block of a domain that holds items of a type descriptor. C: `TYPE *`.
 *
 * It may stand wherever the plain pointer of its domain may.
 */
export type TypedPtr<T, P extends number = MemPtr> = P & {
  readonly __type: T;
};
