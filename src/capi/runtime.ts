/**
 * The worker's runtime: the heap that the functions of this folder act on.
 *
 * C keeps this in thread-local storage (`_Py_tss_tstate`) and in the global
 * `_PyRuntime`; variables of a module belong to one worker and are both.
 *
 * While there is no runtime its domains are objects that refuse every call, so
 * that the functions need not look before each one.
 *
 * ## Invariants
 *   R1  tstate is null ⇔ raw, mem and obj refuse every call
 *   R2  tstate is not null ⇒ raw, mem and obj are those of its heap
 *   R3  objects is null, or those of tstate.opened
 *
 * ## Threads
 *   Belongs to one worker; nothing of it is shared.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import type { Heap } from "../face/heap.ts";
import type { Opened } from "../gc/open.ts";
import type { Objects } from "../objects/mod.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../memory/pointers.ts";

/** The functions of a domain whose pointers are of type `P`; 0 is failure. */
interface Calls<P extends number> {
  malloc(nbytes: number): P | 0;
  calloc(nelem: number, elsize: number): P | 0;
  realloc(block: P | 0, nbytes: number): P | 0;
  free(block: P | 0): void;
}

/** The thread state of this worker. C: `PyThreadState`. */
export class ThreadState {
  /** Its heap. C: `tstate->interp`. */
  readonly interp: Heap;
  /** True if the heap shall be closed with the runtime. */
  readonly isOwned: boolean;
  /** The error indicator. C: `tstate->current_exception`. */
  raised: Error | null = null;
  /** Objects and collector of the heap, once they were asked for. */
  opened: Opened | null = null;
  /** Critical sections that have begun. C: `tstate->critical_section`. */
  sections = 0;
  /** Calls of PyGILState_Ensure() to match. C: `tstate->gilstate_counter`. */
  ensured = 0;

  /** The thread state that the worker has in a heap. */
  constructor(interp: Heap, isOwned: boolean) {
    this.interp = interp;
    this.isOwned = isOwned;
  }

  /** True while MEM and OBJ may be called. */
  get isAttached(): boolean {
    return this.interp.core.isAttached;
  }
}

/** What stands in for a domain while there is no runtime. NULL can be freed. */
class NoDomain implements Calls<never> {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  malloc(): never {
    refuse(`allocate in the ${this.#name} domain`);
  }

  calloc(): never {
    refuse(`allocate in the ${this.#name} domain`);
  }

  realloc(): never {
    refuse(`reallocate in the ${this.#name} domain`);
  }

  free(block: number): void {
    if (block !== 0) refuse(`free in the ${this.#name} domain`);
  }
}

const NO_RAW = new NoDomain("raw");
const NO_MEM = new NoDomain("mem");
const NO_OBJ = new NoDomain("obj");

/** See the head of this file. */
class Runtime {
  /** The RAW domain. */
  declare raw: Calls<RawPtr>;
  /** The MEM domain. */
  declare mem: Calls<MemPtr>;
  /** The OBJ domain. */
  declare obj: Calls<ObjPtr>;
  /** The objects of its heap, once they were asked for. */
  declare objects: Objects | null;
  /** The worker's thread state, attached or not. */
  declare tstate: ThreadState | null;

  constructor() {
    this.raw = NO_RAW;
    this.mem = NO_MEM;
    this.obj = NO_OBJ;
    this.objects = null;
    this.tstate = null;
  }
}

/** This worker's runtime. */
export const runtime: Runtime = new Runtime();

/** Makes a heap the worker's runtime. */
export function install(heap: Heap, isOwned: boolean): void {
  runtime.raw = heap.core.raw;
  runtime.mem = heap.core.mem;
  runtime.obj = heap.core.obj;
  runtime.objects = null;
  runtime.tstate = new ThreadState(heap, isOwned);
}

/** Leaves the worker without a runtime. */
export function uninstall(): void {
  runtime.raw = NO_RAW;
  runtime.mem = NO_MEM;
  runtime.obj = NO_OBJ;
  runtime.objects = null;
  runtime.tstate = null;
}

function refuse(attempt: string): never {
  throw new ThreadStateError(
    `Cannot ${attempt}: this worker has no runtime; ` +
      "call Py_Initialize() first",
  );
}

/**
 * The worker's thread state, attached or not.
 *
 * @throws {ThreadStateError} If there is no runtime, or its heap is closed.
 */
export function requireRuntime(attempt: string): ThreadState {
  const { tstate } = runtime;
  if (tstate === null) refuse(attempt);
  if (!tstate.interp.isClosed) return tstate;
  throw new ThreadStateError(`Cannot ${attempt}: the heap is closed`);
}

/**
 * The worker's thread state, attached.
 *
 * @throws {ThreadStateError} If it is not attached or there is none.
 */
export function requireAttached(attempt: string): ThreadState {
  const tstate = requireRuntime(attempt);
  if (tstate.isAttached) return tstate;
  throw new ThreadStateError(
    `Cannot ${attempt} without an attached thread state`,
  );
}
