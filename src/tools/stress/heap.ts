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
export type {
  Build,
  CheckReport,
  Heap,
  HeapHandle,
  HeapStats,
  MallocName,
  MemPtr,
  ObjPtr,
  RawPtr,
  RevokeReport,
} from "../../../mod.ts";
