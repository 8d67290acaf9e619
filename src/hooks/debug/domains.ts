/**
 * The domains of a heap with debug hooks: calls go the short way of
 * `fast_path.ts` where there is nothing unusual, and else to the installed
 * record.
 *
 * ## Threads
 *   As `fast_path.ts`. If the stack runs out in the short way of free, the heap
 *   may be left half changed; the `catch` notes it without a call. malloc calls
 *   nothing once it has changed a word.
 *
 * @module
 */

import {
  type Domains,
  makeDomains as makeOthers,
  MemDomain,
  ObjDomain,
  RawDomain,
} from "../../domains/mod.ts";
import type { Installed } from "../../domains/allocator.ts";
import { type Memory, OVERFLOW } from "../../memory/mod.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../../memory/pointers.ts";
import { FastPath } from "./fast_path.ts";
import { isEnabled } from "./state.ts";

/** The raw domain of a heap with debug hooks. */
class DebugRaw extends RawDomain {
  /** The short way, once the object is complete. */
  declare readonly fast: FastPath;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.fast = new FastPath(this.route);
    this.refresh();
  }

  override refresh(): void {
    super.refresh();
    this.fast?.refresh();
  }

  override malloc(nbytes: number): RawPtr {
    return (this.fast.malloc(nbytes) || super.malloc(nbytes)) as RawPtr;
  }

  override free(block: RawPtr | 0): void {
    try {
      if (this.fast.free(block)) return;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
    super.free(block);
  }
}

/** The mem domain of a heap with debug hooks. */
class DebugMem extends MemDomain {
  /** The short way. */
  declare readonly fast: FastPath;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.fast = new FastPath(this.route);
  }

  override refresh(): void {
    super.refresh();
    this.fast.refresh();
  }

  override malloc(nbytes: number): MemPtr {
    return (this.fast.malloc(nbytes) || super.malloc(nbytes)) as MemPtr;
  }

  override free(block: MemPtr | 0): void {
    try {
      if (this.fast.free(block)) return;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
    super.free(block);
  }
}

/** The obj domain of a heap with debug hooks. */
class DebugObj extends ObjDomain {
  /** The short way. */
  declare readonly fast: FastPath;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.fast = new FastPath(this.route);
  }

  override refresh(): void {
    super.refresh();
    this.fast.refresh();
  }

  override malloc(nbytes: number): ObjPtr {
    return (this.fast.malloc(nbytes) || super.malloc(nbytes)) as ObjPtr;
  }

  override free(block: ObjPtr | 0): void {
    try {
      if (this.fast.free(block)) return;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
    super.free(block);
  }
}

/**
 * The domains of a worker, as the heap wants them.
 *
 * @param m The heap.
 * @param throws True if they throw where others return 0.
 * @param installed What the routes of the worker share.
 */
export function makeDomains(
  m: Memory,
  throws: boolean,
  installed: Installed,
): Domains {
  if (!m.hasNotes || !isEnabled(m)) return makeOthers(m, throws, installed);
  return {
    raw: new DebugRaw(m, throws, installed),
    mem: new DebugMem(m, throws, installed),
    obj: new DebugObj(m, throws, installed),
  };
}
