/**
 * What the stress run needs of the library, in one place: it stands on the
 * public face like any program, and sees no more than a program does.
 *
 * @module
 */

export {
  attach,
  checkHeap,
  createHeap,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "../../../mod.ts";
export type { Heap, MemPtr, ObjPtr, RawPtr } from "../../../mod.ts";
import type { Heap } from "../../../mod.ts";

/** Which of the two builds a heap is. */
export type Build = Heap["build"];
/** What is posted to a worker, so that it can attach to a heap. */
export type HeapHandle = Heap["handle"];
