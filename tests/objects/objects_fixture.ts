/**
 * Heaps with objects for tests. Whatever a test did, it must have dropped what
 * it made: without free lists the OBJ domain is empty when it is over.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Build, Heap } from "../../mod.ts";
import {
  Bool,
  Bytes,
  Complex,
  Float,
  FreeLists,
  Long,
  None,
  type Objects,
  open,
  Tuple,
  Unicode,
} from "../../src/objects/mod.ts";
import { BUILDS, liveBlocks, withHeap } from "../helpers/heap_fixture.ts";

/** A value of Python that tests make objects of. */
export type Value =
  | null
  | boolean
  | bigint
  | string
  | Uint8Array
  | { readonly float: number }
  | { readonly real: number; readonly imag: number }
  | readonly Value[];

/** Opens the objects of a heap that has memory for them. */
export function openObjects(heap: Heap): Objects {
  const o = open(heap.core);
  if (o === null) throw new Error("Cannot open the objects of a heap");
  return o;
}

/** Runs a test on a fresh heap; claims that no object is left. */
export function withObjects(
  build: Build,
  test: (o: Objects, heap: Heap) => void,
): void {
  withHeap(build, (heap) => {
    const o = openObjects(heap);
    test(o, heap);
    FreeLists.clear(o);
    assertEquals(liveBlocks(heap, "obj"), 0, "objects are left");
  });
}

/** Declares a test for each build. */
export function eachBuild(
  name: string,
  test: (o: Objects, heap: Heap) => void,
): void {
  for (const build of BUILDS) {
    Deno.test(`${name} (${build})`, () => withObjects(build, test));
  }
}

/** A new object of a value, or 0 if no memory is left. */
export function make(o: Objects, value: Value): number {
  if (value === null) return None.none(o);
  if (typeof value === "boolean") return Bool.fromBoolean(o, value);
  if (typeof value === "bigint") return Long.fromBigInt(o, value);
  if (typeof value === "string") return Unicode.fromString(o, value);
  if (value instanceof Uint8Array) return Bytes.fromUint8Array(o, value);
  if ("float" in value) return Float.fromNumber(o, value.float);
  if ("real" in value) return Complex.fromNumbers(o, value.real, value.imag);
  return makeTuple(o, value);
}

function makeTuple(o: Objects, values: readonly Value[]): number {
  const items: number[] = [];
  for (const value of values) {
    const item = make(o, value);
    if (item === 0) break;
    items.push(item);
  }
  const isWhole = items.length === values.length;
  const tuple = isWhole ? Tuple.fromArray(o, items) : 0;
  for (const item of items) o.decref(item);
  return tuple;
}

/** Runs `use` with a new object of a value, and drops it. */
export function using<T>(
  o: Objects,
  value: Value,
  use: (op: number) => T,
): T {
  const op = make(o, value);
  if (op === 0) throw new Error("Cannot make an object: no memory is left");
  try {
    return use(op);
  } finally {
    o.decref(op);
  }
}
