/**
 * The views that accessors read and write through.
 *
 * They start at the second page of the heap. An address in the first page,
 * which is never handed out, therefore falls off them, and so does an address
 * behind the end: a load gives `undefined`, and that is the whole check. A
 * compare with the address itself costs nothing in most loops and five times
 * the access in some (on-stack replacement, Deno 2.9.6); this one costs nothing
 * in all of them.
 *
 * ## Invariants
 *   V1  an accessor never touches the first page, whatever address it gets
 *   V2  an accessor never writes outside of the buffer
 *
 * ## Threads
 *   Plain loads and stores of the caller's own blocks, as in C: two workers
 *   that use one block need a lock, or `Atomics` on `view` and `index()`.
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import * as Map from "../layout/memory_map.ts";

/** Whatever has the heap's buffer. */
export interface HeapBuffer {
  /** The whole heap. */
  readonly buffer: SharedArrayBuffer;
}

/** Ready views on the whole heap. The index is the address over the width. */
export interface Views extends HeapBuffer {
  /** 8-bit signed integers. */
  readonly i8: Int8Array<SharedArrayBuffer>;
  /** Bytes. */
  readonly u8: Uint8Array<SharedArrayBuffer>;
  /** 16-bit signed integers. */
  readonly i16: Int16Array<SharedArrayBuffer>;
  /** 16-bit unsigned integers. */
  readonly u16: Uint16Array<SharedArrayBuffer>;
  /** 32-bit signed integers. */
  readonly i32: Int32Array<SharedArrayBuffer>;
  /** 32-bit unsigned integers. */
  readonly u32: Uint32Array<SharedArrayBuffer>;
  /** 64-bit signed integers. */
  readonly i64: BigInt64Array<SharedArrayBuffer>;
  /** 64-bit unsigned integers. */
  readonly u64: BigUint64Array<SharedArrayBuffer>;
  /** Single-precision floats. */
  readonly f32: Float32Array<SharedArrayBuffer>;
  /** Double-precision floats. */
  readonly f64: Float64Array<SharedArrayBuffer>;
}

/** First byte that an accessor can reach. Byte address. */
export const GUARD: number = Map.PAGE_SIZE;

/** Ready views on the whole of a buffer. */
export function createViews(buffer: SharedArrayBuffer): Views {
  return viewsFrom(buffer, 0);
}

/** Views of the same kind that start at {@linkcode GUARD}. */
export function createGuardedViews(buffer: SharedArrayBuffer): Views {
  return viewsFrom(buffer, GUARD);
}

function viewsFrom(buffer: SharedArrayBuffer, start: number): Views {
  return {
    buffer,
    i8: new Int8Array(buffer, start),
    u8: new Uint8Array(buffer, start),
    i16: new Int16Array(buffer, start),
    u16: new Uint16Array(buffer, start),
    i32: new Int32Array(buffer, start),
    u32: new Uint32Array(buffer, start),
    i64: new BigInt64Array(buffer, start),
    u64: new BigUint64Array(buffer, start),
    f32: new Float32Array(buffer, start),
    f64: new Float64Array(buffer, start),
  };
}

/** Throws the error of an access at an address that no block has. */
export function reject(address: number): never {
  const what = address === 0 ? "NULL" : `address ${show(address)}`;
  throw new PointerError(
    `Cannot access a field at ${what}: no block can be there`,
  );
}
