/**
 * Where pymalloc's arenas come from: `PyObjectArenaAllocator`.
 *
 * A program can stand between pymalloc and the page runs, to count arenas or to
 * refuse them. Its functions are called with no lock held but the GIL: `alloc`
 * before the engine needs an arena, `free` after it has given one back.
 *
 * ## Invariants
 *   Z1  what `alloc` returns was made by the engine's own record: all memory is
 *       that of the heap
 *
 * ## Threads
 *   A record belongs to one worker. MEM and OBJ of a heap whose pools the GIL
 *   holds; elsewhere there are no such arenas, as in CPython with mimalloc.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyObject_Arena, new_arena().
 * Differs: an arena is back in the page runs when `free` is called; there is
 * nothing that it could keep.
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import { type Address, addressOf, type Memory } from "../memory/mod.ts";
import { Arena, Policy } from "../pools/mod.ts";

/** The functions that serve arenas. C: `PyObjectArenaAllocator`. */
export interface PyObjectArenaAllocator<C = unknown> {
  /** First argument of the functions. */
  ctx: C;
  /** An arena of `size` bytes, or 0. */
  alloc(ctx: C, size: number): number;
  /** Takes an arena back. */
  free(ctx: C, ptr: number, size: number): void;
}

/** True if pools of a key are cut from pymalloc's arenas. */
function isPymalloc(m: Memory, key: number): boolean {
  return m.isGilHeld && Policy.domainOf(key) !== PageMap.RAW &&
    Policy.kindOf(key) === PageMap.POOL;
}

/** True if an arena of pymalloc stands at an address. */
function isArena(m: Memory, address: Address): boolean {
  const arena = Layout.ARENAS +
    ((address >>> Layout.ARENA_BITS) << ArenaObject.SHIFT);
  return m.i32[arena + ArenaObject.SET] === Layout.ARENA_SET;
}

/** The engine's `alloc`: makes an arena if pymalloc has no usable one. */
function alloc(m: Memory, size: number): Address {
  if (size !== Layout.ARENA_SIZE) return 0;
  const arena = Arena.provide(m, Layout.ARENA_SET);
  return arena === 0 ? 0 : addressOf(Arena.firstPage(arena));
}

/** The engine's own record. */
export function baseOf(m: Memory): PyObjectArenaAllocator<Memory> {
  return { ctx: m, alloc, free() {} };
}

/**
 * Has the record provide the arena that pymalloc needs.
 *
 * @returns False if it refused.
 * @throws {PointerError} If it returned what is no new arena.
 */
export function obtain(
  m: Memory,
  record: PyObjectArenaAllocator,
  key: number,
): boolean {
  if (!isPymalloc(m, key)) return true;
  const address = record.alloc(record.ctx, Layout.ARENA_SIZE);
  if (address === 0) return false;
  const isNew = m.i32[Layout.ARENA_SET + ArenaSet.USABLE_ARENAS] !== 0;
  if (isNew && isArena(m, address)) return true;
  throw new PointerError(
    `Cannot use ${show(address)} as an arena: an arena allocator must return ` +
      "what the one before it has returned",
  );
}

/** The arena of a block, if pymalloc has it, else 0. Byte address. */
export function arenaOf(m: Memory, block: Address): Address {
  if (!m.isGilHeld || !isArena(m, block)) return 0;
  return (block >>> Layout.ARENA_BITS) * Layout.ARENA_SIZE;
}

/** Tells the record of an arena that pymalloc had, and has no longer. */
export function noteFreed(
  m: Memory,
  record: PyObjectArenaAllocator,
  arena: Address,
): void {
  if (arena === 0 || isArena(m, arena)) return;
  record.free(record.ctx, arena, Layout.ARENA_SIZE);
}

/** Runs what may give arenas back, and tells the record of them. */
export function watch(
  m: Memory,
  record: PyObjectArenaAllocator | null,
  run: () => void,
): void {
  if (record === null) return run();
  const before = arenasOf(m);
  run();
  for (const arena of before) noteFreed(m, record, arena);
}

/** All arenas that pymalloc has. Byte addresses. */
export function arenasOf(m: Memory): Address[] {
  const arenas: Address[] = [];
  for (let at = 0; at < m.buffer.byteLength; at += Layout.ARENA_SIZE) {
    if (isArena(m, at)) arenas.push(at);
  }
  return arenas;
}
