/**
 * `PyObject` in the free-threaded build.
 *
 * ```text
 *   0        1            2            3              4                 5
 *   ┌────────┬────────────┬────────────┬──────────────┬─────────────────┬─────────┬─ …
 *   │ OB_TID │ X_OB_MUTEX │ OB_GC_BITS │ OB_REF_LOCAL │ X_OB_REF_SHARED │ OB_TYPE │ fields
 *   └────────┴────────────┴────────────┴──────────────┴─────────────────┴─────────┴─ …
 * ```
 *
 * OB_TID and OB_REF_LOCAL belong to the owner; other threads read them plainly,
 * as hints. X_OB_REF_SHARED is atomic: a count in bits 2–31, which may be
 * negative, and a flag in bits 0–1. Words 0 to 4 of a freed object stay as they
 * are but for the engine's link in word 0, because lock-free readers may still
 * look at them.
 *
 * Source: CPython 3.14 Include/object.h, struct _object with Py_GIL_DISABLED.
 *
 * @module
 */

/** The owner's {@linkcode tidOf}, or 0 for nobody. C: ob_tid. */
export const OB_TID = 0;
/** Mutex word of the object. Atomic. C: ob_mutex. */
export const X_OB_MUTEX = 1;
/** Bits of the collector; 0 for what it does not know. C: ob_gc_bits. */
export const OB_GC_BITS = 2;
/** The owner's references. Count, u32. C: ob_ref_local. */
export const OB_REF_LOCAL = 3;
/** References of all others, and flags. Atomic. C: ob_ref_shared. */
export const X_OB_REF_SHARED = 4;
/** The object's type. Byte address of a type object. C: ob_type. */
export const OB_TYPE = 5;

/** Size of the header. Words. */
export const SIZEOF = 6;
/** Of a freed object so many bytes must stay as they are. C: debug_offset. */
export const KEPT_BYTES = 20;

/** OB_REF_LOCAL of an immortal object. C: _Py_IMMORTAL_REFCNT_LOCAL. */
export const IMMORTAL_LOCAL = -1;
/** From a count to its place in X_OB_REF_SHARED. C: _Py_REF_SHARED_SHIFT. */
export const SHARED_SHIFT = 2;
/** Bits of the flag. C: _Py_REF_SHARED_FLAG_MASK. */
export const FLAG_MASK = 3;
/** A lock-free reader may try to take a reference. C: _Py_REF_MAYBE_WEAKREF. */
export const MAYBE_WEAKREF = 1;
/** Waits in its owner's queue to be merged. C: _Py_REF_QUEUED. */
export const QUEUED = 2;
/** The shared count is the whole count. C: _Py_REF_MERGED. */
export const MERGED = 3;

/**
 * What stands in OB_TID for a worker. Odd, so that it is never the address of
 * a block, which is what word 0 of a freed object has.
 */
export function tidOf(owner: number): number {
  return (owner << 4) | 1;
}

/** Who a value of OB_TID stands for. Owner id. */
export function ownerOf(tid: number): number {
  return tid >>> 4;
}
