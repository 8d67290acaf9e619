/**
 * The layout: structs do not overlap, words that different threads write are
 * on different 64-byte lines, and constants agree with their causes.
 */

import { assert, assertEquals } from "@std/assert";
import * as ArenaObject from "../../src/layout/arena_object.ts";
import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as Gil from "../../src/layout/gil.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ParkingBucket from "../../src/layout/parking_bucket.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import * as Qsbr from "../../src/layout/qsbr.ts";
import * as RemoteRecord from "../../src/layout/remote_record.ts";
import * as RunBins from "../../src/layout/run_bins.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import * as World from "../../src/layout/world.ts";

/** A 64-byte line. Words. */
const LINE = 16;

Deno.test("layout: regions follow each other without overlap", () => {
  const regions = [
    [Layout.HEADER, Header.THREADS_LOCK + 1],
    [Layout.NULL_RINGS, ThreadState.RING_SET],
    [Layout.GIL, Gil.SIZEOF],
    [Layout.QSBR, Qsbr.X_RD_SEQ + 1],
    [Layout.WORLD, World.X_REQUESTER + 1],
    [Layout.RUNS, RunBins.BINS + 256],
    [Layout.ARENA_SET, ArenaSet.SIZEOF],
    [Layout.RAW_ARENA_SET, ArenaSet.SIZEOF],
    [Layout.BUCKETS, ParkingBucket.NUM_BUCKETS * ParkingBucket.SIZEOF],
    [Layout.ARENAS, 4096 * ArenaObject.SIZEOF],
    [Layout.THREADS, PageMap.SLOTS * ThreadState.SIZEOF],
    [Layout.PAGE_MAP, Layout.MAX_BYTES / Layout.PAGE_SIZE],
    [Layout.POOLS, 0],
  ];
  for (let k = 1; k < regions.length; k++) {
    const [start, size] = regions[k - 1];
    assert(start + size <= regions[k][0], `region ${k - 1} is too long`);
    assertEquals(regions[k][0] % LINE, 0);
  }
});

Deno.test("layout: fields of a record are distinct and inside of it", () => {
  const records: [Record<string, number>, string[], number][] = [
    [{ ...PoolRecord }, [
      "FREEBLOCK",
      "COUNT",
      "SZIDX",
      "NEXTOFFSET",
      "MAXNEXTOFFSET",
      "NEXTPOOL",
      "PREVPOOL",
    ], PoolRecord.SIZEOF],
    [
      { ...RemoteRecord },
      ["X_REMOTE", "TAKEN_PAGES", "GOAL", "SHAPE"],
      RemoteRecord.SIZEOF,
    ],
    [{ ...ArenaObject }, [
      "SET",
      "POOL_ADDRESS",
      "NFREEPOOLS",
      "NTOTALPOOLS",
      "FREEPOOLS",
      "NEXTARENA",
      "PREVARENA",
    ], ArenaObject.SIZEOF],
    [{ ...Waiter }, [
      "X_SEMA",
      "ADDR",
      "NEXT",
      "UNPARKED_BY",
      "TIME_TO_BE_FAIR",
    ], ThreadState.STAT_REMOTE_FREES - ThreadState.WAITER],
    [
      { ...ParkingBucket },
      ["X_LOCK", "HEAD", "TAIL", "NUM_WAITERS"],
      ParkingBucket.SIZEOF,
    ],
  ];
  for (const [record, fields, size] of records) {
    const offsets = fields.map((field) => record[field]);
    assertEquals(new Set(offsets).size, fields.length);
    for (const offset of offsets) assert(offset >= 0 && offset < size);
  }
});

Deno.test("layout: sizes agree with their logarithms", () => {
  assertEquals(1 << PoolRecord.SHIFT, PoolRecord.SIZEOF);
  assertEquals(1 << RemoteRecord.SHIFT, RemoteRecord.SIZEOF);
  assertEquals(1 << ArenaObject.SHIFT, ArenaObject.SIZEOF);
  assertEquals(1 << Layout.PAGE_BITS, Layout.PAGE_SIZE);
  assertEquals(1 << Layout.ARENA_BITS, Layout.ARENA_SIZE);
  assertEquals(Layout.ARENA_SIZE / Layout.PAGE_SIZE, Layout.PAGES_PER_ARENA);
  assertEquals(PageMap.SLOT_MASK + 1, PageMap.SLOTS);
});

Deno.test("layout: bits of a page map word are disjoint and fill it", () => {
  const kind = PageMap.KIND_MASK;
  const domain = PageMap.DOMAIN_MASK << PageMap.DOMAIN_SHIFT;
  const slot = PageMap.SLOT_MASK << PageMap.HOLDER_SHIFT;
  const incarnation = PageMap.INCARNATION_MASK <<
    (PageMap.HOLDER_SHIFT + PageMap.INCARNATION_SHIFT);
  assertEquals(kind + domain + slot + (incarnation >>> 0), 0xffffffff);
});

Deno.test("layout: words of different writers are on different lines", () => {
  const thread = [
    ThreadState.X_STATE,
    ThreadState.X_NEWS,
    ThreadState.X_QSBR_SEQ,
    ThreadState.WAITER,
    ThreadState.STAT_REMOTE_FREES,
    ThreadState.RINGS,
  ];
  const lines = thread.map((word) => Math.floor(word / LINE));
  assertEquals(new Set(lines).size, lines.length);
  assert(ThreadState.STAT_GIL_WAITS < ThreadState.RINGS);
  assertEquals(ThreadState.SIZEOF % LINE, 0);
  assert(
    ThreadState.RINGS + 5 * ThreadState.RING_SET <= ThreadState.SIZEOF,
  );
  assert(Header.THREADS_LOCK - Header.X_THREADS_USED < LINE);
  assertEquals(Header.THREADS_LOCK % LINE, 0);
});
