/**
 * What all handles have: a reference, until they are closed.
 *
 * ## Threads
 *   A handle belongs to one worker; the object is shared. See `space.ts` for
 *   what becomes of the reference if the worker stops.
 *
 * @module
 */

import { HandleError, show } from "../errors.ts";
import * as ObjectHeader from "../layout/object_free_threaded.ts";
import type { Address } from "../memory/mod.ts";
import { Held } from "../objects/mod.ts";
import { type Cell, Space } from "./space.ts";

/** What the functions below see of a handle. */
interface Inside {
  has(value: object): value is Handle;
  space(handle: Handle): Space;
  op(handle: Handle): Address;
}

let inside: Inside;

/**
 * What must be closed: by `using`, by {@linkcode Handle.close}, or with the
 * heap. One that is forgotten is closed at a safe point after the engine has
 * found that nobody has it, see `heap.forgottenHandles`.
 */
export abstract class Handle {
  readonly #space: Space;
  readonly #cell: Cell;

  static {
    inside = {
      has: (value): value is Handle => #cell in value,
      space: (handle) => handle.#space,
      op: (handle) => handle.#cell.op,
    };
  }

  /** @ignore Owns the reference from now on. */
  constructor(space: Space, op: Address) {
    if (!(space instanceof Space)) {
      throw new TypeError("Cannot make a handle: heap.from() makes them");
    }
    this.#space = space;
    this.#cell = space.enter(this, op);
  }

  /** @ignore What all handles of the worker share. */
  protected get space(): Space {
    return this.#space;
  }

  /** @ignore The object, if something can be done with it now. */
  protected use(attempt: string): Address {
    this.#space.require(attempt);
    const { op } = this.#cell;
    return op !== 0 ? op : refuseClosed(attempt);
  }

  /** True once the reference was given back. */
  get isClosed(): boolean {
    return this.#cell.op === 0;
  }

  /**
   * Gives the reference back; twice is once. While the thread state is detached
   * that waits until it is attached.
   */
  close(): void {
    this.#space.leave(this.#cell);
  }

  /** {@linkcode Handle.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function refuseClosed(attempt: string): never {
  throw new HandleError(`Cannot ${attempt}: the handle is closed`);
}

/** Whether a value is a handle, of any heap, closed or not. */
export function isHandle(value: unknown): value is Handle {
  return typeof value === "object" && value !== null && inside.has(value);
}

/**
 * The object of a handle that somebody has given; the reference is still the
 * handle's.
 *
 * @returns Byte address.
 * @throws {HandleError} If it is no open handle of this heap.
 */
export function operand(
  space: Space,
  value: unknown,
  attempt: string,
): Address {
  if (!isHandle(value)) {
    throw new HandleError(`Cannot ${attempt}: ${show(value)} is no handle`);
  }
  if (inside.space(value).o.m.buffer !== space.o.m.buffer) {
    throw new HandleError(`Cannot ${attempt}: the handle is of another heap`);
  }
  const op = inside.op(value);
  return op !== 0 ? op : refuseClosed(attempt);
}

/** Mutex of an object. Word index; without a meaning in the GIL build. */
export function mutexOf(op: Address): number {
  return (op >>> 2) + ObjectHeader.X_OB_MUTEX;
}

/** Runs something in a critical section of an object. */
export function inSection<T>(space: Space, op: Address, run: () => T): T {
  const { o } = space;
  const before = o.held;
  Held.begin(o, mutexOf(op));
  try {
    return run();
  } finally {
    o.held = before;
    Held.end(o);
  }
}
