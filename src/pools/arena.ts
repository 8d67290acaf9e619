/**
 * Arenas: 1 MiB each, cut into 64 pools.
 *
 * A pool is always taken from the usable arena with the fewest free pools, so
 * that the others have a chance to become empty and go back to the page runs.
 * The list is kept in that order in O(1): `nfp2lasta[n]` names the last arena
 * with n free pools, and an arena that gains one moves right behind the last
 * that had as many as it had before.
 *
 * ## Invariants (checked by check/)
 *   A1  USABLE_ARENAS is in ascending order of NFREEPOOLS, all above 0
 *   A2  nfp2lasta[n] is the last arena of the list with n free pools, or 0
 *   A3  NFREEPOOLS == |FREEPOOLS list| + pages never carved
 *   A4  arenas of the set == CURRENT; an arena whose pools are all free is
 *       kept only if it is the last of the list
 *
 * ## Threads
 *   Everything is plain and under `ArenaSet.LOCK` of the set; the first set of
 *   the GIL build is under the GIL instead. A worker that stops inside leaves
 *   the lock held. Order of locks: arena set, then runs.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: new_arena(),
 * allocate_from_new_pool(), insert_to_freepool(). Differs: an arena object's
 * index is its address, so there is no list of unused arena objects, and
 * arenas are always aligned.
 *
 * @module
 */

import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { type Memory, pageOf, recordOf } from "../memory/mod.ts";
import { Runs } from "../raw/mod.ts";
import { Damage } from "../sync/mod.ts";

const arenaOf = Runs.arenaOf;

/** No class: of a pool that was never used. C: DUMMY_SIZE_IDX. */
export const DUMMY_SIZE_IDX = 65535;

/** First page of an arena. Page number. */
export function firstPage(arena: number): number {
  return ((arena - Layout.ARENAS) >> ArenaObject.SHIFT) << 6;
}

/** A new arena as the only usable one, or 0. C: new_arena(). */
function create(m: Memory, set: number): number {
  const page = Runs.allocArena(m, set);
  if (page === 0) return 0;
  const i32 = m.i32;
  const arena = arenaOf(page);
  i32[arena + ArenaObject.POOL_ADDRESS] = page;
  i32[arena + ArenaObject.NFREEPOOLS] = Layout.PAGES_PER_ARENA;
  i32[arena + ArenaObject.NTOTALPOOLS] = Layout.PAGES_PER_ARENA;
  i32[arena + ArenaObject.FREEPOOLS] = 0;
  i32[arena + ArenaObject.NEXTARENA] = 0;
  i32[arena + ArenaObject.PREVARENA] = 0;
  i32[set + ArenaSet.USABLE_ARENAS] = arena;
  i32[set + ArenaSet.NFP2LASTA + Layout.PAGES_PER_ARENA] = arena;
  i32[set + ArenaSet.TOTAL] += 1;
  const current = i32[set + ArenaSet.CURRENT] + 1;
  i32[set + ArenaSet.CURRENT] = current;
  if (current > i32[set + ArenaSet.HIGHWATER]) {
    i32[set + ArenaSet.HIGHWATER] = current;
  }
  return arena;
}

/** Makes an arena, unless the set has a usable one; 0 if it has or cannot. */
export function provide(m: Memory, set: number): number {
  return m.i32[set + ArenaSet.USABLE_ARENAS] === 0 ? create(m, set) : 0;
}

/** Takes a free pool of an arena, or carves one. */
function carve(m: Memory, arena: number): number {
  const i32 = m.i32;
  const pool = i32[arena + ArenaObject.FREEPOOLS];
  if (pool !== 0) {
    Damage.requireRecord(m, pool, "the list of an arena's free pools");
    i32[arena + ArenaObject.FREEPOOLS] = i32[pool + PoolRecord.NEXTPOOL];
    return pool;
  }
  const page = i32[arena + ArenaObject.POOL_ADDRESS];
  if (arenaOf(page) !== arena) {
    Damage.damaged(m, `an arena is to be carved at page ${page}`);
  }
  i32[arena + ArenaObject.POOL_ADDRESS] = page + 1;
  const fresh = recordOf(page);
  i32[fresh + PoolRecord.SZIDX] = DUMMY_SIZE_IDX;
  return fresh;
}

/** Makes sure that the list of usable arenas leads to an arena of the set. */
function requireArena(m: Memory, set: number, arena: number): void {
  const page = firstPage(arena);
  const isArena = page >= 0 && page < m.pages && arenaOf(page) === arena &&
    m.i32[arena + ArenaObject.SET] === set &&
    m.i32[arena + ArenaObject.NFREEPOOLS] - 1 >>> 0 < Layout.PAGES_PER_ARENA;
  if (!isArena) {
    Damage.damaged(m, `word ${arena} is listed as a usable arena`);
  }
}

/**
 * Takes a free pool of the set; its class and free list are those of its last
 * use. Under the lock of the set. C: allocate_from_new_pool().
 *
 * @returns Its record, or 0 if no arena can be had.
 */
export function takePool(m: Memory, set: number): number {
  const i32 = m.i32;
  let arena = i32[set + ArenaSet.USABLE_ARENAS];
  if (arena === 0) {
    arena = create(m, set);
    if (arena === 0) return 0;
  }
  requireArena(m, set, arena);
  const nfreepools = i32[arena + ArenaObject.NFREEPOOLS];
  const lasta = set + ArenaSet.NFP2LASTA;
  // The head's count falls, so the order holds; only the index changes.
  if (i32[lasta + nfreepools] === arena) i32[lasta + nfreepools] = 0;
  if (nfreepools > 1) i32[lasta + nfreepools - 1] = arena;
  const pool = carve(m, arena);
  i32[arena + ArenaObject.NFREEPOOLS] = nfreepools - 1;
  if (nfreepools === 1) {
    const next = i32[arena + ArenaObject.NEXTARENA];
    i32[set + ArenaSet.USABLE_ARENAS] = next;
    if (next !== 0) i32[next + ArenaObject.PREVARENA] = 0;
  }
  return pool;
}

/** Takes an arena out of the list of usable ones. */
function unlink(m: Memory, set: number, arena: number): void {
  const i32 = m.i32;
  const next = i32[arena + ArenaObject.NEXTARENA];
  const prev = i32[arena + ArenaObject.PREVARENA];
  if (prev === 0) i32[set + ArenaSet.USABLE_ARENAS] = next;
  else i32[prev + ArenaObject.NEXTARENA] = next;
  if (next !== 0) i32[next + ArenaObject.PREVARENA] = prev;
}

/** Puts an arena into the list behind `prev`, or first if that is 0. */
export function linkAfter(
  m: Memory,
  set: number,
  arena: number,
  prev: number,
): void {
  const i32 = m.i32;
  const next = prev === 0
    ? i32[set + ArenaSet.USABLE_ARENAS]
    : i32[prev + ArenaObject.NEXTARENA];
  i32[arena + ArenaObject.NEXTARENA] = next;
  i32[arena + ArenaObject.PREVARENA] = prev;
  if (next !== 0) i32[next + ArenaObject.PREVARENA] = arena;
  if (prev === 0) i32[set + ArenaSet.USABLE_ARENAS] = arena;
  else i32[prev + ArenaObject.NEXTARENA] = arena;
}

/** Gives an arena back to the page runs. */
function destroy(m: Memory, set: number, arena: number): void {
  unlink(m, set, arena);
  m.i32[set + ArenaSet.CURRENT] -= 1;
  Runs.freeArena(m, firstPage(arena));
}

/** Gives back all arenas whose pools are all free but the last. For repair. */
export function keepOneEmpty(m: Memory, set: number): void {
  const i32 = m.i32;
  let arena = i32[set + ArenaSet.USABLE_ARENAS];
  while (arena !== 0) {
    const next = i32[arena + ArenaObject.NEXTARENA];
    const isEmpty = i32[arena + ArenaObject.NFREEPOOLS] ===
      i32[arena + ArenaObject.NTOTALPOOLS];
    if (isEmpty && next !== 0) destroy(m, set, arena);
    arena = next;
  }
}

/**
 * Takes the arena out of the index for its old count, which it is about to
 * leave; the arena before it takes its place if it has the same count.
 *
 * @returns The last arena with that count as it was before.
 */
function leaveCount(m: Memory, lasta: number, arena: number): number {
  const i32 = m.i32;
  const nfreepools = i32[arena + ArenaObject.NFREEPOOLS];
  const last = i32[lasta + nfreepools];
  if (last === arena) {
    const prev = i32[arena + ArenaObject.PREVARENA];
    const isSame = prev !== 0 &&
      i32[prev + ArenaObject.NFREEPOOLS] === nfreepools;
    i32[lasta + nfreepools] = isSame ? prev : 0;
  }
  return last;
}

/**
 * Gives a pool back to its arena, and the arena back if all its pools are free
 * and it is not the last usable one. Under the lock of the set.
 * C: insert_to_freepool().
 */
export function freePool(m: Memory, set: number, pool: number): void {
  const i32 = m.i32;
  const page = pageOf(pool);
  const arena = arenaOf(page);
  i32[Layout.PAGE_MAP + page] = PageMap.FREE;
  i32[pool + PoolRecord.NEXTPOOL] = i32[arena + ArenaObject.FREEPOOLS];
  i32[arena + ArenaObject.FREEPOOLS] = pool;
  const lasta = set + ArenaSet.NFP2LASTA;
  const last = leaveCount(m, lasta, arena);
  const nfreepools = i32[arena + ArenaObject.NFREEPOOLS] + 1;
  i32[arena + ArenaObject.NFREEPOOLS] = nfreepools;
  const isEmpty = nfreepools === i32[arena + ArenaObject.NTOTALPOOLS];
  if (isEmpty && i32[arena + ArenaObject.NEXTARENA] !== 0) {
    destroy(m, set, arena);
    return;
  }
  if (nfreepools === 1) {
    linkAfter(m, set, arena, 0); // it was full, so in no list
    if (i32[lasta + 1] === 0) i32[lasta + 1] = arena;
    return;
  }
  if (i32[lasta + nfreepools] === 0) i32[lasta + nfreepools] = arena;
  if (last === arena) return;
  unlink(m, set, arena);
  linkAfter(m, set, arena, last);
}

/**
 * Gives back the last usable arena if all its pools are free; there is at most
 * one such arena. Under the lock of the set. pymalloc always keeps it.
 */
export function trim(m: Memory, set: number): void {
  const i32 = m.i32;
  const lasta = set + ArenaSet.NFP2LASTA + Layout.PAGES_PER_ARENA;
  const arena = i32[lasta];
  if (arena === 0) return;
  i32[lasta] = 0;
  destroy(m, set, arena);
}
