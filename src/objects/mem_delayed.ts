/**
 * `_PyMem_FreeDelayed()`: frees blocks of MEM, and drops references, once no
 * reader without a lock can have them in view.
 *
 * In the GIL build, and while the world stands still, that is at once.
 *
 * ## Threads
 *   Needs an attached thread state. The queue is in `sharing/delayed.ts`. If
 *   there is no memory for it, the world is stopped instead. A worker that
 *   stops loses the one item in its hands.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_FreeDelayed(),
 * _PyObject_XDecRefDelayed(), _PyMem_ProcessDelayed(), _PyMem_FiniDelayed().
 *
 * @module
 */

import type { Companion } from "../domains/core.ts";
import * as Chunk from "../layout/mem_work_chunk.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Address } from "../memory/mod.ts";
import { Qsbr, World } from "../threads/mod.ts";
import type { Objects } from "./objects.ts";
import { Delayed } from "./sharing/mod.ts";

const { DELAYED_CHUNK, DELAYED_DUE } = ThreadState;
/** How long a world may take to stop. Milliseconds. */
const STOP_TIMEOUT_MS = 10000;

/** Gives an item up. */
function settle(o: Objects, item: Address): void {
  if ((item & Chunk.DECREF) !== 0) o.decref(item - Chunk.DECREF);
  else o.core.mem.free(item as never);
}

/**
 * Makes sure that there is room for an item, so that the next one does not have
 * to stop the world. In a critical section that must not be: it would be
 * suspended.
 *
 * @returns False if no memory is left.
 */
export function reserve(o: Objects): boolean {
  const { m, core } = o;
  if (!o.isBiased || Delayed.hasRoom(m)) return true;
  const block = core.raw.malloc(Chunk.NBYTES);
  if (block === 0) return false;
  Delayed.add(m, block);
  return true;
}

function put(o: Objects, item: Address, nbytes: number): void {
  const { m } = o;
  if (!o.isBiased || World.isStopper(m)) settle(o, item);
  else if (reserve(o)) Delayed.put(m, item, nbytes);
  else settleStopped(o, item);
}

/** Gives an item up for which the queue has no memory. */
function settleStopped(o: Objects, item: Address): void {
  const { m } = o;
  // Otherwise it is lost: somebody may be looking at it right now.
  const isAlone = o.core.guard(() => {
    const hasStopped = World.stop(m, STOP_TIMEOUT_MS);
    if (hasStopped) World.start(m);
    return hasStopped;
  });
  if (isAlone) settle(o, item);
}

/**
 * Frees a block that nobody finds any more. C: `_PyMem_FreeDelayed()`.
 *
 * @param block Block of MEM. Byte address.
 * @param nbytes Its size. Bytes.
 */
export function free(o: Objects, block: Address, nbytes: number): void {
  put(o, block, nbytes);
}

/**
 * Drops a reference to an object that nobody finds any more.
 * C: `_PyObject_XDecRefDelayed()`.
 */
export function decref(o: Objects, op: Address): void {
  put(o, op + Chunk.DECREF, 0);
}

/** Gives up what nobody has in view. C: `_PyMem_ProcessDelayed()`. */
export function process(o: Objects): void {
  const { m } = o;
  // What dies of it may come here again.
  if (!Delayed.begin(m)) return;
  try {
    let chunk = Delayed.next(m, 0);
    while (chunk !== 0) {
      drain(o, chunk);
      const following = Delayed.next(m, chunk);
      if (!Delayed.isCurrent(m, chunk)) drop(o, chunk);
      chunk = following;
    }
  } finally {
    Delayed.end(m);
  }
}

/** Gives up the items of a chunk that nobody has in view. */
function drain(o: Objects, chunk: number): void {
  let item = Delayed.take(o.m, chunk);
  while (item !== 0) {
    settle(o, item);
    item = Delayed.take(o.m, chunk);
  }
}

/** Frees a chunk if nothing is in it. */
function drop(o: Objects, chunk: number): void {
  if (!Delayed.isEmpty(o.m, chunk)) return;
  Delayed.remove(o.m, chunk);
  o.core.raw.free((chunk * 4) as never);
}

/** Looks after the queue of a worker in its safe points and when it ends. */
export class DelayedFrees implements Companion {
  readonly #o: Objects;

  /** The queue of the worker of these objects. */
  constructor(o: Objects) {
    this.#o = o;
  }

  /** Nothing: the queue is in the thread state. */
  attached(): void {}

  /** Nothing. */
  detached(): void {}

  /** Gives up what has waited long enough. */
  passed(): void {
    const { m, i32 } = this.#o;
    if (i32[m.thread + DELAYED_DUE] !== 0) process(this.#o);
  }

  /** Gives up what it can, and leaves the rest to others. */
  closing(): void {
    const o = this.#o;
    const { m, i32 } = o;
    if (!o.isBiased) return;
    Qsbr.advance(m);
    Qsbr.quiescentState(m);
    process(o);
    const chunk = i32[m.thread + DELAYED_CHUNK];
    if (chunk !== 0) drop(o, chunk);
    Delayed.abandon(m);
  }
}
