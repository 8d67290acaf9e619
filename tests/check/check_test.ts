/**
 * The checker finds what is planted.
 *
 * Each canary damages one word of a healthy heap in the way that a bug of the
 * engine would and names the invariant that the checker must report. Then the
 * word is restored and the heap must be found whole, so that a finding cannot
 * come from something else.
 */

import { assert, assertEquals } from "@std/assert";
import { createHeap, type Heap } from "../../mod.ts";
import * as ArenaObject from "../../src/layout/arena_object.ts";
import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import * as RemoteRecord from "../../src/layout/remote_record.ts";
import * as RunBins from "../../src/layout/run_bins.ts";

/** A heap with something of everything, and where it is. */
interface Scene {
  readonly heap: Heap;
  readonly small: number;
  readonly freed: number;
  readonly medium: number;
  readonly large: number;
}

/** Where a bug writes what. */
type Damage = (scene: Scene) => [word: number, value: number];

/** First pool in quarantine: of 512 bytes, as createScene() leaves it. */
const quarantined = ({ heap }: Scene): number =>
  heap.i32[Layout.ARENA_SET + ArenaSet.QUARANTINE + 31];

/** Allocates a bit of everything. */
function createScene(): Scene {
  const heap = createHeap({ maxBytes: 16 << 20 });
  const small = heap.mem.malloc(64);
  const freed = heap.mem.malloc(64);
  heap.mem.malloc(64);
  heap.mem.free(freed);
  const medium = heap.mem.malloc(5000);
  const large = heap.mem.malloc(100000);
  const objects = Array.from({ length: 100 }, () => heap.obj.malloc(512));
  objects.forEach((object) => heap.obj.free(object));
  const hole = heap.raw.malloc(200000);
  heap.raw.malloc(100000);
  heap.raw.free(hole);
  return { heap, small, freed, medium, large };
}

const pageOf = (block: number): number => block >>> Layout.PAGE_BITS;
const poolOf = (block: number): number => Layout.POOLS + pageOf(block) * 8;
const keyOf = (block: number): number => Layout.PAGE_MAP + pageOf(block);
const remoteOf = ({ heap, small }: Scene): number =>
  heap.core.m.remotes + pageOf(small) * RemoteRecord.SIZEOF;
const arenaOf = (block: number): number =>
  Layout.ARENAS + (block >>> Layout.ARENA_BITS) * ArenaObject.SIZEOF;

/** First page of the lowest free run. */
function freeRun({ heap }: Scene): number {
  let page = heap.i32[Header.FIRST_PAGE];
  while (heap.i32[Layout.PAGE_MAP + page] !== PageMap.FREE_RUN) page++;
  return page;
}

const CANARIES: [invariant: string, bug: string, damage: Damage][] = [
  ["M1", "header overwritten", () => [Header.PAGES, 12]],
  ["M2", "metadata page given away", () => [Layout.PAGE_MAP + 3, 0]],
  ["M2", "NULL record written through", () => [PoolRecord.COUNT, 1]],
  ["M2", "null ring filled", () => [Layout.NULL_RINGS + 5, 434176]],
  ["P1", "block counted twice", (s) => [
    poolOf(s.small) + PoolRecord.COUNT,
    s.heap.i32[poolOf(s.small) + PoolRecord.COUNT] + 1,
  ]],
  ["P1", "free list runs in a circle", (s) => [s.freed >>> 2, s.freed]],
  ["P1", "free list leaves the pool", (s) => [s.freed >>> 2, s.large]],
  ["P1", "free list enters a block", (s) => [s.freed >>> 2, s.small + 16]],
  ["P1", "free list lost", (s) => [poolOf(s.small) + PoolRecord.FREEBLOCK, 0]],
  ["P2", "used pool in no ring", (s) => [
    s.heap.core.mem.route.rings + 3,
    0,
  ]],
  ["P2", "holder without a thread", (s) => [
    keyOf(s.small),
    (s.heap.i32[keyOf(s.small)] & 31) | (77 << PageMap.HOLDER_SHIFT),
  ]],
  ["P3", "class out of range", (s) => [
    poolOf(s.small) + PoolRecord.SZIDX,
    99,
  ]],
  ["P3", "carving out of step", (s) => [
    poolOf(s.small) + PoolRecord.NEXTOFFSET,
    s.heap.i32[poolOf(s.small) + PoolRecord.NEXTOFFSET] + 16,
  ]],
  ["G1", "ring leads to a free page", (s) => [
    s.heap.core.mem.route.rings + 3,
    Layout.POOLS + freeRun(s) * 8,
  ]],
  ["G1", "ring leads out of the table", (s) => [
    s.heap.core.mem.route.rings + 3,
    12345,
  ]],
  ["N1", "remote free never announced", (s) => [remoteOf(s), s.small]],
  ["N2", "remote stack holds a free block", (s) => [remoteOf(s), s.freed]],
  ["N3", "stack half drained", (s) => [
    poolOf(s.small) + PoolRecord.DRAIN,
    (1 << RemoteRecord.TOP_BITS) | 5,
  ]],
  ["R1", "pages taken and forgotten", (s) => [
    keyOf(s.large),
    PageMap.LARGE | (PageMap.TAKEN << PageMap.DOMAIN_SHIFT),
  ]],
  ["A1", "usable arena of another set", (s) => [
    arenaOf(s.small) + ArenaObject.SET,
    Layout.RAW_ARENA_SET,
  ]],
  ["A2", "index of arenas out of date", () => [
    Layout.ARENA_SET + ArenaSet.NFP2LASTA + 7,
    Layout.ARENAS,
  ]],
  ["A3", "free pools miscounted", (s) => [
    arenaOf(s.small) + ArenaObject.NFREEPOOLS,
    s.heap.i32[arenaOf(s.small) + ArenaObject.NFREEPOOLS] - 1,
  ]],
  ["A4", "arenas miscounted", () => [Layout.ARENA_SET + ArenaSet.CURRENT, 9]],
  ["R1", "page of nobody", (s) => [keyOf(s.large), 0]],
  ["R2", "free run without its end", (s) => [
    Layout.POOLS + freeRun(s) * 8 + PoolRecord.LENGTH,
    s.heap.i32[Layout.POOLS + freeRun(s) * 8 + PoolRecord.LENGTH] - 1,
  ]],
  ["R4", "free run on no list", (s) => [
    Layout.RUNS + RunBins.BINS +
    s.heap.i32[Layout.POOLS + freeRun(s) * 8 + PoolRecord.LENGTH],
    0,
  ]],
  ["R4", "bit of an empty bin", () => [Layout.RUNS + RunBins.BITMAP + 1, -1]],
  ["R5", "pages miscounted", () => [Layout.RUNS + RunBins.USED_PAGES, 1]],
  ["L1", "large block with a holder", (s) => [
    keyOf(s.large),
    s.heap.i32[keyOf(s.large)] | (2 << PageMap.HOLDER_SHIFT),
  ]],
  ["L2", "tail of another block", (s) => [
    poolOf(s.large) + 8 + PoolRecord.HEAD,
    pageOf(s.medium),
  ]],
  ["L3", "large block too short", (s) => [
    poolOf(s.large) + PoolRecord.NBYTES,
    1,
  ]],
  ["U1", "abandoned pools miscounted", () => [
    Layout.ARENA_SET + ArenaSet.ABANDONED_COUNT,
    1,
  ]],
  ["U2", "quarantined pools miscounted", () => [
    Layout.ARENA_SET + ArenaSet.QUARANTINED,
    77,
  ]],
  ["U2", "goals out of order", (s) => [
    s.heap.core.m.remotes +
    (quarantined(s) - Layout.POOLS) / 8 * RemoteRecord.SIZEOF +
    RemoteRecord.GOAL,
    1 << 20,
  ]],
  ["P2", "pool of MEM in quarantine", (s) => [
    Layout.PAGE_MAP + (quarantined(s) - Layout.POOLS) / 8,
    PageMap.POOL | (PageMap.MEM << PageMap.DOMAIN_SHIFT),
  ]],
];

for (const [invariant, bug, damage] of CANARIES) {
  Deno.test(`checkHeap() finds ${invariant}: ${bug}`, () => {
    const scene = createScene();
    const { heap } = scene;
    assertEquals(heap.check().findings, []);
    const [word, value] = damage(scene);
    const healthy = heap.i32[word];
    assert(healthy !== value, "the canary must change something");
    heap.i32[word] = value;
    const { ok, findings } = heap.check();
    heap.i32[word] = healthy;
    assert(!ok);
    assert(
      findings.some((finding) => finding.startsWith(`${invariant}:`)),
      findings.join("\n"),
    );
    assertEquals(heap.check().findings, []);
    heap.close();
  });
}

Deno.test("checkHeap() counts blocks, pools and pages", () => {
  const { heap } = createScene();
  const report = heap.check();
  assertEquals(report.blocks, [1, 4, 0]);
  assertEquals(report.pools, 5);
  assertEquals(report.spans, 1);
  assertEquals(report.largeBlocks, 2);
  assertEquals(report.arenas, 1);
  assert(report.isQuiet);
  heap.close();
});
