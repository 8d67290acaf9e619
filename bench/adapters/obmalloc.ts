/**
 * This library, as published: the checked calls of `heap.obj` (or `heap.mem`,
 * `heap.raw`) of either build, by the name of the adapter: `obmalloc_ft`,
 * `obmalloc_gil`, and these with `_mem` or `_raw`; with `_hardened`, `_debug` or
 * `_traced` the calls of `heap.obj` in a heap that looks for mistakes, or traces
 * one frame of each allocation.
 *
 * @module
 */

import {
  attach,
  createHeap,
  type Heap,
  type HeapHandle,
  type MallocName,
} from "../../mod.ts";
import type { Adapter, Allocator } from "../adapter.ts";

function domainOf(heap: Heap, name: string): Allocator {
  if (name.endsWith("_mem")) return heap.mem;
  if (name.endsWith("_raw")) return heap.raw;
  return heap.obj;
}

function adapt(heap: Heap, name: string): Adapter {
  return {
    allocator: domainOf(heap, name),
    words: heap.i32,
    handle: heap.handle,
    keeps: true,
    gil: heap.build === "gil",
    slow: false,
    safePoint: () => heap.threads.safePoint(),
    leave: () => heap.threads.detach(),
    enter: () => heap.threads.attach(),
    check: () => heap.check().findings,
    close: () => heap.close(),
  };
}

/** A heap of the build that the name says, with its default size. */
export function open(name: string): Adapter {
  const build = name.startsWith("obmalloc_gil") ? "gil" : "free-threaded";
  const tracemalloc = name.endsWith("_traced") ? 1 : 0;
  return adapt(
    createHeap({ build, malloc: mallocOf(name), tracemalloc }),
    name,
  );
}

/** Which allocator the name asks for. */
function mallocOf(name: string): MallocName {
  if (name.endsWith("_debug")) return "debug";
  return name.endsWith("_hardened") ? "hardened" : "default";
}

/** The heap of another thread. */
export function join(name: string, handle: unknown): Adapter {
  return adapt(attach(handle as HeapHandle), name);
}
