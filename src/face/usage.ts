/**
 * `heap.usage()` and `heap.trim()`: what the domains hold, and giving back what
 * nothing is allocated in.
 *
 * ## Threads
 *   Counting reads only, and stops nobody: each figure is one that was true a
 *   moment ago, their sum need not be. For trimming see `pools/leave.ts`.
 *
 * @module
 */

import type { Core } from "../domains/core.ts";
import type { Memory } from "../memory/mod.ts";
import { takeCensus } from "../check/mod.ts";
import { Leave } from "../pools/mod.ts";
import * as Stats from "./stats.ts";

/** What a domain, or a thread, holds. */
export interface Usage {
  /** Pools and spans. Count. */
  readonly pools: number;
  /** Large blocks. Count. */
  readonly largeBlocks: number;
  /** Pages of these. Bytes. */
  readonly heldBytes: number;
  /** Live blocks, large ones included. Count. */
  readonly blocks: number;
  /** Sizes of these blocks; of a large one what was asked for. Bytes. */
  readonly liveBytes: number;
  /** Blocks that other threads freed and nobody has taken back yet. Count. */
  readonly remoteBlocks: number;
  /** Sizes of these blocks. Bytes. */
  readonly remoteBytes: number;
}

/** What {@linkcode Heap.usage} returns. */
export interface HeapUsage {
  /** The RAW domain. */
  readonly raw: Usage;
  /** The MEM domain. */
  readonly mem: Usage;
  /** The OBJ domain. */
  readonly obj: Usage;
  /** What threads, and the GIL (1), hold: pools by slot, no large blocks. */
  readonly threads: ReadonlyMap<number, Usage>;
  /** Pools with live blocks that exited threads left and nobody adopted. */
  readonly abandoned: Usage;
  /** Empty pools of OBJ that wait until no reader can still look at them. */
  readonly deferred: Usage;
  /** Pages of arenas in which there is no pool. Bytes. */
  readonly unusedBytes: number;
}

/** What {@linkcode Heap.trim} gave back, and what it could not. */
export interface TrimReport {
  /**
   * How much the footprint shrank. Bytes; less, or below 0, if others allocated
   * meanwhile.
   */
  readonly bytes: number;
  /** How many arenas there are fewer. Count. */
  readonly arenas: number;
  /** The footprint after it. Bytes. */
  readonly footprintBytes: number;
  /**
   * Empty pools that still wait in quarantine, because a thread has not passed
   * a safe point. Count.
   */
  readonly quarantinedPools: number;
}

/** Counts what is held, in a walk over the page map. */
export function read(m: Memory): HeapUsage {
  const { domains, holders, abandoned, deferred } = takeCensus(m);
  const [raw, mem, obj] = domains;
  const held = raw.heldBytes + mem.heldBytes + obj.heldBytes;
  const { footprintBytes } = Stats.read(m);
  return {
    raw,
    mem,
    obj,
    threads: holders,
    abandoned,
    deferred,
    unusedBytes: Math.max(footprintBytes - held, 0),
  };
}

/**
 * Gives back what nothing is allocated in.
 *
 * @param core The worker's.
 * @param safePoint Passes a safe point.
 * @returns What that was.
 */
export function trim(core: Core, safePoint: () => void): TrimReport {
  const { m, isAttached } = core;
  const before = Stats.read(m);
  const { allocators } = core;
  const pass = () =>
    core.guard(() => allocators.withArenas(() => Leave.trim(m, isAttached)));
  pass();
  if (isAttached) {
    // What that put in quarantine is ripe if nobody else is attached.
    safePoint();
    pass();
  }
  const { footprintBytes, arenas, quarantinedPools } = Stats.read(m);
  return {
    bytes: before.footprintBytes - footprintBytes,
    arenas: before.arenas - arenas,
    footprintBytes,
    quarantinedPools,
  };
}
