/**
 * Workers that stop at the worst moment, one after the other, in one heap that
 * has everything in it. What their locks guard is filled with noise before
 * somebody recovers them: recovery must not trust any of it.
 *
 * The states are set by hand, word for word as a worker leaves them that stops
 * at the line that is named. That a death before each access is survived is
 * proved by the models of deaths; here it is lists and counts that are long.
 *
 * @module
 */

import * as ArenaObject from "../../src/layout/arena_object.ts";
import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as GilState from "../../src/layout/gil.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import * as RunBins from "../../src/layout/run_bins.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import * as WorldState from "../../src/layout/world.ts";
import { recordOf } from "../../src/memory/mod.ts";
import { RebuildRuns } from "../../src/raw/mod.ts";
import type { Model } from "../checker/model.ts";
import { BUILDS, type HeapContext, recovery } from "../models/heap.ts";
import * as Support from "../models/support.ts";
import { type Cast, recover, work } from "./cast.ts";
import { type Block, type Scene, SMALL, story } from "./scene.ts";
import { tornPools } from "./torn.ts";

/** Bytes of the heap: several arenas of each set. */
const BYTES = 12 << 20;

/** Pools of two classes in all domains, some full, some used, some given back. */
function load(s: Scene, c: HeapContext, count: number): Block[] {
  const live: Block[] = [];
  for (const domain of ["raw", "mem", "obj"] as const) {
    live.push(...s.fill(c, domain, 512, count));
    live.push(...s.fill(c, domain, 200, count));
  }
  live.push(...s.churn(c, 80, [...SMALL, 3000, 20000, 40000]));
  // Whole stretches go, so that pools become empty, and single blocks.
  const kept = live.filter((_, k) => k % 150 < 75 && k % 7 !== 0);
  live.filter((block) => !kept.includes(block))
    .forEach((block) => s.free(c, block));
  return kept;
}

/** A heap with orphans, pools in quarantine, spans, arenas of all fillings. */
function cast(s: Scene): Cast {
  const a = s.join();
  const d = s.join();
  const gone = s.join();
  const live: Block[] = [];
  work(s, gone, () => live.push(...load(s, gone, 600)));
  gone.core.close();
  work(s, d, () => live.push(...load(s, d, 150)));
  work(s, a, () => live.push(...load(s, a, 100)));
  s.audit();
  return { s, a, d, live };
}

/** All go on: so that lists and rings are used. */
function goOn({ s, a, d, live }: Cast): void {
  for (const c of [d, a]) {
    work(s, c, () => {
      s.freeAll(c, live.splice(s.random.below(live.length), 40));
      live.push(...s.churn(c, 60, [...SMALL, 3000, 20000, 70000]));
    });
  }
  s.audit();
}

/** A worker with blocks of all kinds, attached. */
function victimOf({ s, live }: Cast): HeapContext {
  const v = s.join();
  v.core.attach();
  live.push(...s.churn(v, 60, [...SMALL, 700, 3000, 20000, 40000]));
  live.push(...s.fill(v, "mem", 512, 40));
  return v;
}

/** Fills words `from` … `to` − 1 with noise. */
function noise(s: Scene, from: number, to: number): void {
  for (let at = from; at < to; at++) s.world.i32[at] = s.random.below(1 << 20);
}

/** Noise in all lists of runs, and in all that free pages say. */
function noiseInRuns({ s, a: { m } }: Cast): void {
  const runs = Layout.RUNS;
  const bins = runs + RunBins.BINS;
  noise(s, bins, bins + RunBins.BIN_COUNT);
  const bits = runs + RunBins.BITMAP;
  noise(s, bits, bits + RunBins.BIN_COUNT / 32);
  m.i32[runs + RunBins.USED_PAGES] = 1;
  let page = m.firstPage;
  while (page < m.pages) {
    const length = RebuildRuns.extentOf(m, page);
    if (length === 0) {
      const { FREE, FREE_RUN, TAIL } = PageMap;
      m.i32[Layout.PAGE_MAP + page] = s.random.pick([FREE, FREE_RUN, TAIL]);
      const record = recordOf(page);
      noise(s, record + PoolRecord.LENGTH, record + PoolRecord.DRAIN);
      m.i32[record + PoolRecord.HEAD] = 0;
    }
    page += Math.max(length, 1);
  }
}

/** Sizes of large blocks that do not fit their pages: a resize was cut. */
function tearLarge({ s, a: { m }, live }: Cast): void {
  const large = live.filter(({ bytes }) => bytes > 32768);
  const olds = [1, 16384, 32768, 49152, 200000];
  olds.forEach((bytes, k) => {
    const { at, domain } = large[k];
    m.i32[recordOf(at >>> Layout.PAGE_BITS) + PoolRecord.NBYTES] = bytes;
    s.note("torn", domain, at, bytes);
  });
}

/** Sizes as callers see them. */
function sizes({ s, a, live }: Cast): void {
  work(s, a, () => {
    for (const { at, domain, bytes } of live) {
      if (bytes <= 32768) continue;
      const page = at >>> Layout.PAGE_BITS;
      s.note(a.core[domain].sizeOf(at as never));
      s.note(s.raw.Large.nbytesOf(a.m, page));
    }
  });
}

/** A worker stops with the lock of the runs. */
function buryWithRuns(it: Cast): void {
  const { s, d } = it;
  const { Runs } = s.raw;
  const v = victimOf(it);
  // Pages that one who lives has taken stay taken.
  const taken = Runs.alloc(d.m, 3);
  s.note("taken", taken, Runs.alloc(v.m, 2));
  Support.sync(s.lib).Mutex.lock(v.m, Layout.RUNS + RunBins.LOCK);
  tearLarge(it);
  noiseInRuns(it);
  recover(it, v, () => {
    s.note("ours", Runs.free(d.m, taken, 3, Runs.takenKey(d.m.owner)));
  });
  sizes(it);
  goOn(it);
}

/** Noise in all lists of a set and of its arenas, and in their free pools. */
function noiseInSet({ s, a: { m } }: Cast, set: number): void {
  const { i32 } = m;
  for (const word of [16, 17, 20, 21]) noise(s, set + word, set + word + 1);
  noise(s, set + ArenaSet.NFP2LASTA, set + ArenaSet.SIZEOF);
  for (let page = 0; page < m.pages; page += Layout.PAGES_PER_ARENA) {
    const arena = Layout.ARENAS + (page >>> 6) * ArenaObject.SIZEOF;
    if (i32[arena + ArenaObject.SET] !== set) continue;
    noise(s, arena + ArenaObject.POOL_ADDRESS, arena + ArenaObject.SIZEOF);
    for (let k = page; k < page + Layout.PAGES_PER_ARENA; k++) {
      if (i32[Layout.PAGE_MAP + k] !== PageMap.FREE) continue;
      noise(s, recordOf(k), recordOf(k) + PoolRecord.SIZEOF);
    }
  }
}

/** Takes pools until an arena of the set has one free pool left. */
function leaveOne({ s, live }: Cast, v: HeapContext, set: number): void {
  const isRaws = set === Layout.RAW_ARENA_SET;
  for (let k = 0; k < 5000; k++) {
    for (let page = 0; page < v.m.pages; page += Layout.PAGES_PER_ARENA) {
      const arena = Layout.ARENAS + (page >>> 6) * ArenaObject.SIZEOF;
      const isOne = v.m.i32[arena + ArenaObject.SET] === set &&
        v.m.i32[arena + ArenaObject.NFREEPOOLS] === 1;
      if (isOne) return;
    }
    live.push(s.malloc(v, isRaws ? "raw" : "mem", 512));
  }
}

/** Empty pools of OBJ that wait for a reader. */
function quarantine({ s }: Cast, v: HeapContext): void {
  const blocks = s.fill(v, "obj", 448, 36 * 4);
  for (const block of blocks) s.free(v, block);
}

/** A worker stops with the lock of an arena set. */
function buryWithSet(it: Cast, set: number): void {
  const { s } = it;
  const { Mutex } = Support.sync(s.lib);
  const isFree = s.build !== BUILDS.gil;
  const isGils = !isFree && set === Layout.ARENA_SET;
  const reader = s.join();
  if (isFree) reader.core.attach();
  const v = victimOf(it);
  leaveOne(it, v, set);
  quarantine(it, v);
  if (!isGils) {
    v.core.detach();
    Mutex.lock(v.m, set + ArenaSet.LOCK);
  }
  const other = Layout.RAW_ARENA_SET + ArenaSet.LOCK; // of no use here
  if (isFree) Mutex.lock(reader.m, other);
  // As if it had died in `create()`: one is in reserve, all others go back.
  for (let k = 0; k < 2; k++) s.note(s.raw.Runs.allocArena(v.m, set));
  noiseInSet(it, set);
  recover(it, v, () => {
    s.note("quarantined", s.world.i32[set + ArenaSet.QUARANTINED]);
    if (isFree) Mutex.unlock(reader.m, other);
    reader.core.close();
  });
  const { TOTAL, HIGHWATER, CURRENT } = ArenaSet;
  s.note([TOTAL, HIGHWATER, CURRENT].map((word) => s.world.i32[set + word]));
  goOn(it);
}

/** Noise in rings of MEM and OBJ of a slot, and in the links of their pools. */
function noiseInRings(s: Scene, slot: number, holder: number): void {
  const { i32 } = s.world;
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const rings = thread + ThreadState.RINGS;
  const sets = slot === PageMap.GIL_HOLDER ? [1, 2, 3, 4] : [1, 2];
  for (const set of sets) {
    const from = rings + set * ThreadState.RING_SET;
    noise(s, from, from + ThreadState.RING_SET);
  }
  const pages = s.contexts[0].m.pages;
  for (let page = 0; page < pages; page++) {
    const key = i32[Layout.PAGE_MAP + page];
    const kind = key & PageMap.KIND_MASK;
    const isPool = [PageMap.POOL, PageMap.SPAN, PageMap.VIA_RAW].includes(kind);
    const isRaw = ((key >>> PageMap.DOMAIN_SHIFT) & 3) === PageMap.RAW;
    if (!isPool || isRaw || key >>> PageMap.HOLDER_SHIFT !== holder) continue;
    noise(s, recordOf(page) + PoolRecord.NEXTPOOL, recordOf(page) + 7);
  }
}

/** A free is cut short that makes a pool empty: it has not gone back. */
function leaveEmpty({ s }: Cast, v: HeapContext): void {
  const { at } = s.malloc(v, "mem", 336);
  const pool = recordOf(at >>> Layout.PAGE_BITS);
  v.m.i32[at >>> 2] = v.m.i32[pool + PoolRecord.FREEBLOCK];
  v.m.i32[pool + PoolRecord.FREEBLOCK] = at;
  v.m.i32[pool + PoolRecord.COUNT] -= 1;
}

/** A worker stops with the GIL, in the middle of rings and arenas. */
function buryWithGil(it: Cast): void {
  const v = victimOf(it);
  leaveEmpty(it, v);
  noiseInRings(it.s, PageMap.GIL_HOLDER, PageMap.GIL_HOLDER);
  noiseInSet(it, Layout.ARENA_SET);
  recover(it, v);
  it.s.note("gil", it.s.world.i32[Layout.GIL + GilState.X_LOCKED]);
  goOn(it);
}

/** A worker stops while it helps another one, which it has suspended. */
function buryHelper(it: Cast): void {
  const { s, d } = it;
  const { ThreadStates, Suspension } = Support.threads(s.lib);
  const v = victimOf(it);
  s.note("suspended", ThreadStates.suspendDetached(v.m, d.m.slot));
  noiseInRings(s, d.m.slot, d.m.owner);
  // Another one is suspended by one that lives, and stays so.
  const [helper, other] = [s.join(), s.join()];
  ThreadStates.suspendDetached(helper.m, other.m.slot);
  recover(it, v);
  s.note(
    "states",
    [d, other].map(({ m }) => Suspension.stateOf(it.a.m, m.slot)),
  );
  ThreadStates.resume(helper.m, other.m.slot);
  for (const { core } of [helper, other]) core.close();
  goOn(it);
}

/** A worker stops while the world stands still for it. */
function buryStopper(it: Cast): void {
  const { s, d } = it;
  const { World, Suspension } = Support.threads(s.lib);
  const v = victimOf(it);
  v.core.detach();
  s.note("stopped", World.stop(v.m, 10));
  s.note(Suspension.stateOf(it.a.m, d.m.slot));
  recover(it, v);
  s.note("states", [it.a, d].map(({ m }) => Suspension.stateOf(m, m.slot)));
  const { X_REQUESTED, X_REQUESTER } = WorldState;
  s.note([X_REQUESTED, X_REQUESTER].map((k) => s.world.i32[Layout.WORLD + k]));
  goOn(it);
  s.note("stopped", World.stop(it.a.m, 10));
  World.start(it.a.m);
}

/** A worker stops with a lock that guards nothing that must be rebuilt. */
function buryWithLock(it: Cast, lock: number): void {
  const { s } = it;
  const { Mutex } = Support.sync(s.lib);
  const v = victimOf(it);
  Mutex.lock(v.m, lock);
  v.core.detach();
  recover(it, v);
  s.note("lock", s.world.i32[lock]);
}

/** The locks that guard nothing that must be rebuilt. Word indexes. */
const PLAIN = [
  Layout.HEADER + Header.RECOVERY_LOCK,
  Layout.WORLD + WorldState.LOCK,
];

/** Leaves a worker parked on a word, as `park()` does. */
function leaveParked(s: Scene, { m }: HeapContext, addr: number): void {
  const waiter = m.thread + ThreadState.WAITER;
  const { i32 } = s.world;
  i32[waiter + Waiter.X_SEMA] = 0;
  i32[waiter + Waiter.ADDR] = addr;
  i32[waiter + Waiter.UNPARKED_BY] = 0;
}

/** What a parked worker finds when it looks. */
function parkedNote(s: Scene, { m }: HeapContext): void {
  const waiter = m.thread + ThreadState.WAITER;
  const { i32 } = s.world;
  s.note(
    "parked",
    [Waiter.X_SEMA, Waiter.UNPARKED_BY].map((k) => i32[waiter + k]),
  );
}

/** Workers are parked when another dies that has the lock of their list. */
function buryWaker(it: Cast): void {
  const { s, d } = it;
  const { ParkingLot, RawMutex } = Support.sync(s.lib);
  const v = victimOf(it);
  const others = [s.join(), s.join()];
  const word = it.a.m.firstPage << 12;
  v.core.detach();
  // One is on the list, one is about to be woken by the dead, one was woken.
  [d, ...others].forEach((c, k) => leaveParked(s, c, word + k));
  const by = (v.m.owner << 1) | 1;
  others.forEach(({ m: { thread } }, k) => {
    s.world.i32[thread + ThreadState.WAITER + Waiter.UNPARKED_BY] = by;
    s.world.i32[thread + ThreadState.WAITER + Waiter.X_SEMA] = k;
  });
  for (const bucket of [0, 1, 2]) {
    const at = Layout.BUCKETS + bucket * 16;
    if (bucket !== 1) RawMutex.lock(v.m, at);
    noise(s, at + 1, at + 4);
  }
  recover(it, v);
  [d, ...others].forEach((c) => parkedNote(s, c));
  s.note("waiters", ParkingLot.bucketHasWaiters(it.a.m, word));
  s.note([0, 1, 2].map((k) => s.world.i32[Layout.BUCKETS + k * 16]));
  others.forEach(({ core }) => core.close());
}

/** Who is revoked is cut off, and what it holds stays. */
function revoke(it: Cast): void {
  const { s, a } = it;
  const { Recovery, Fence } = recovery(s.lib);
  const v = victimOf(it);
  v.core.detach();
  const { owner, slot } = v.m;
  s.note(Recovery.declare(a.m, owner + 256, ThreadState.DEAD));
  Recovery.condemn(a.m, owner + 256);
  s.note(s.world.i32[v.m.thread + ThreadState.X_FENCE]);
  s.note(Recovery.declare(a.m, owner, ThreadState.REVOKED));
  s.note(Recovery.declare(a.m, owner, ThreadState.REVOKED));
  s.note(Fence.ownerAt(a.m, slot) === owner, v.core.isRevoked);
  s.note(Recovery.awaitOutside(a.m, owner, 0));
  s.note(Object.values(Recovery.recover(a.m, owner)));
  Recovery.condemn(a.m, owner);
  s.note(s.world.i32[v.m.thread + ThreadState.X_FENCE]);
  recover(it, v);
}

/** Everything is freed, and the heap is as if it were new. */
function end({ s, a, d, live }: Cast): void {
  work(s, a, () => s.freeAll(a, live));
  d.core.close();
  work(s, a, () => s.pools.Leave.trim(a.m, true));
  a.core.close();
  s.audit();
}

function tell(s: Scene): void {
  const it = cast(s);
  const isGil = s.build === BUILDS.gil;
  buryWithRuns(it);
  buryWithSet(it, Layout.ARENA_SET);
  if (isGil) {
    buryWithSet(it, Layout.RAW_ARENA_SET);
    buryWithGil(it);
  } else {
    buryHelper(it);
    buryStopper(it);
  }
  tornPools(it);
  for (const lock of PLAIN) buryWithLock(it, lock);
  buryWaker(it);
  revoke(it);
  end(it);
}

/** The story of a build as a model that finds what is different. */
export function burials(build: keyof typeof BUILDS): Model {
  return story("burials", build, BYTES, tell);
}
