/**
 * `heap.revoke()` and `heap.reap()`: cutting workers off, and recovering them.
 *
 * ## Threads
 *   See `src/recovery/`. A certificate is released a moment before its worker
 *   has come to a halt, so `reap()` cuts the worker off at once and recovers it
 *   after {@linkcode GRACE_MS}.
 *
 * @module
 */

import { show, ThreadStateError } from "../errors.ts";
import type { Core } from "../domains/core.ts";
import * as GilState from "../layout/gil.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, threadsUsed } from "../memory/mod.ts";
import { Fence, Recovery } from "../recovery/mod.ts";
import { isReleased } from "./certificate.ts";
import { STATES, type ThreadStateName } from "./threads.ts";

/** What {@linkcode Heap.revoke} found. */
export interface RevokeReport {
  /** Slot of the worker. */
  readonly slot: number;
  /** What `heap.threads.id` was in it. */
  readonly id: number;
  /** State of its thread before the call; `"gone"` if it has none any more. */
  readonly state: ThreadStateName | "gone";
  /** True if it had the GIL. */
  readonly hadGil: boolean;
  /** True if it is in no critical section, or was recovered. */
  readonly isOutside: boolean;
  /** True if what it held was given to others, and its slot is free. */
  readonly isRecovered: boolean;
  /** Pools and spans that it left. Count. */
  readonly pools: number;
  /** Blocks that were on their way out, and are lost. Count, 0 or 1. */
  readonly lostBlocks: number;
  /** Pages that it had taken and not put to use, which went back. Count. */
  readonly pages: number;
}

/** From a free certificate until its worker has come to a halt. Milliseconds. */
const GRACE_MS = 50;
/** Longest wait for a revoked worker to leave a critical section. Milliseconds. */
const OUTSIDE_MS = 100;

/** Refuses what only a worker with a thread state can do. */
function requireOpen(core: Core, verb: string): void {
  if (core.isClosed) {
    throw new ThreadStateError(`Cannot ${verb}: the heap is closed`);
  }
  if (core.isRevoked) {
    throw new ThreadStateError(
      `Cannot ${verb}: the thread state of this worker was revoked`,
    );
  }
}

/** Owner value of the worker that is meant. */
function ownerOf(m: Memory, worker: number): number {
  const isNumber = Number.isInteger(worker) &&
    worker >= PageMap.FIRST_SLOT && worker < 1 << 27;
  if (!isNumber) {
    throw new RangeError(
      `Cannot revoke thread ${show(worker)}: it is no id and no slot of a ` +
        "worker",
    );
  }
  if (worker === m.owner || worker === m.slot) {
    throw new ThreadStateError(
      `Cannot revoke thread ${m.slot}: it is this worker's own`,
    );
  }
  if (worker >= PageMap.SLOTS) return worker;
  const inUse = Fence.threadAt(worker) + ThreadState.X_IN_USE;
  if (Atomics.load(m.i32, inUse) === ThreadState.FREE) {
    throw new ThreadStateError(
      `Cannot revoke thread ${worker}: no worker has it`,
    );
  }
  return Fence.ownerAt(m, worker);
}

/** Cuts a worker off and, if it is dead, recovers it. */
function revokeOwner(core: Core, owner: number, dead: boolean): RevokeReport {
  const { m } = core;
  const gil = Atomics.load(m.i32, Layout.GIL + GilState.X_LOCKED);
  const to = dead ? ThreadState.DEAD : ThreadState.REVOKED;
  const state = Recovery.declare(m, owner, to);
  const isThere = state >= 0;
  const found = dead && isThere
    ? Recovery.recover(m, owner)
    : { pools: 0, lostBlocks: 0, pages: 0 };
  return {
    slot: owner & PageMap.SLOT_MASK,
    id: owner,
    state: isThere ? STATES[state] : "gone",
    hadGil: m.build === Header.BUILD_GIL && gil === owner,
    isOutside: !isThere || dead ||
      Recovery.awaitOutside(m, owner, OUTSIDE_MS),
    isRecovered: dead && isThere,
    ...found,
  };
}

/** See {@linkcode Heap.revoke}. */
export function revoke(
  core: Core,
  worker: number,
  dead: boolean,
): RevokeReport {
  requireOpen(core, "revoke a thread");
  return revokeOwner(core, ownerOf(core.m, worker), dead);
}

/** Workers with a certificate, this one left out. */
function certified(m: Memory): number[] {
  const owners: number[] = [];
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const thread = Fence.threadAt(slot);
    const isIn = Atomics.load(m.i32, thread + ThreadState.X_IN_USE) !==
        ThreadState.FREE &&
      Atomics.load(m.i32, thread + ThreadState.X_CERTIFIED) === 1;
    if (isIn && slot !== m.slot) owners.push(Fence.ownerAt(m, slot));
  }
  return owners;
}

/** See {@linkcode Heap.reap}. */
export async function reap(core: Core): Promise<RevokeReport[]> {
  requireOpen(core, "reap");
  const { m } = core;
  const owners = certified(m);
  const ended: number[] = [];
  for (const owner of owners) {
    if (await isReleased(m, owner)) ended.push(owner);
  }
  if (core.isClosed) return [];
  const revoked = ended.filter((owner) =>
    Recovery.declare(m, owner, ThreadState.REVOKED) >= 0
  );
  if (revoked.length === 0) return [];
  await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  requireOpen(core, "reap");
  for (const owner of revoked) Recovery.declare(m, owner, ThreadState.DEAD);
  return revoked.map((owner) => revokeOwner(core, owner, true));
}
