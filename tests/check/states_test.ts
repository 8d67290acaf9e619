/**
 * The checker finds what is planted in the states of blocks of a sealed heap,
 * and finds nothing once it is undone.
 */

import { assert, assertEquals } from "@std/assert";
import { attach, createHeap, type Heap, type MallocName } from "../../mod.ts";
import * as BlockStates from "../../src/layout/block_states.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import { States } from "../../src/memory/mod.ts";

/** A sealed heap with something of everything, and where the blocks start. */
interface Scene {
  readonly heap: Heap;
  /** A live block that nobody else has freed. */
  readonly live: number;
  readonly freed: number;
  /** A block on a remote stack. */
  readonly remote: number;
  readonly medium: number;
  readonly large: number;
  readonly freePage: number;
}

/** Bytes from a block of the engine to what its caller has. */
function shiftOf(malloc: MallocName): number {
  return malloc === "debug" ? 16 : 0;
}

function createScene(malloc: MallocName): Scene {
  const heap = createHeap({ malloc, maxBytes: 16 << 20 });
  const [live, freed, remote] = [1, 2, 3, 4].map(() => heap.mem.malloc(64));
  const medium = heap.mem.malloc(5000);
  const large = heap.mem.malloc(100000);
  heap.mem.free(freed);
  heap.threads.detached(() => {
    using other = attach(heap.handle);
    other.mem.free(remote);
  });
  const shift = shiftOf(malloc);
  const pages = heap.buffer.byteLength / Layout.PAGE_SIZE;
  let freePage = pages - 1;
  while (heap.i32[Layout.PAGE_MAP + freePage] !== PageMap.FREE) freePage--;
  return {
    heap,
    live: live - shift,
    freed: freed - shift,
    remote: remote - shift,
    medium: medium - shift,
    large: large - shift,
    freePage: freePage * Layout.PAGE_SIZE,
  };
}

/** Which block a bug has which bit of. */
type Damage = (scene: Scene) => [block: number, word: number];

const { LIVE, X_PENDING } = BlockStates;

/** Each turns one bit over. */
const CANARIES: [invariant: string, bug: string, damage: Damage][] = [
  ["E1", "a block is not live", (s) => [s.live, LIVE]],
  ["E1", "a medium block is not live", (s) => [s.medium, LIVE]],
  ["E1", "a block on a remote stack is not live", (s) => [s.remote, LIVE]],
  ["E1", "a free block is live", (s) => [s.freed, LIVE]],
  ["E1", "a block inside of a block", (s) => [s.live + 16, LIVE]],
  ["E1", "one inside of a medium block", (s) => [s.medium + 4096, X_PENDING]],
  ["E1", "one inside of a large block", (s) => [s.large + 16400, LIVE]],
  ["E1", "one in a free page", (s) => [s.freePage + 512, LIVE]],
  ["E2", "a free block waits", (s) => [s.freed, X_PENDING]],
  ["E2", "one on a remote stack does not", (s) => [s.remote, X_PENDING]],
  ["E3", "a live block waits", (s) => [s.live, X_PENDING]],
  ["E3", "a medium block waits", (s) => [s.medium, X_PENDING]],
  ["E3", "a large block waits", (s) => [s.large, X_PENDING]],
  ["E3", "a large block is not live", (s) => [s.large, LIVE]],
];

/** Turns a bit over. */
function turn({ heap }: Scene, block: number, word: number): void {
  const at = heap.core.m.states + (block >>> BlockStates.PAIR_SHIFT) * 2;
  heap.i32[at + word] ^= 1 << ((block >>> BlockStates.BIT_SHIFT) & 31);
}

for (const malloc of ["hardened", "debug"] as const) {
  for (const [invariant, bug, damage] of CANARIES) {
    Deno.test(`check: ${invariant}: ${bug} (${malloc})`, () => {
      const scene = createScene(malloc);
      const { heap } = scene;
      assertEquals(heap.check().findings, []);
      const [block, word] = damage(scene);
      turn(scene, block, word);
      const { ok, findings } = heap.check();
      assert(!ok);
      assert(
        findings.some((text) => text.startsWith(invariant)),
        `${findings}`,
      );
      turn(scene, block, word);
      assertEquals(heap.check().findings, []);
      heap.close();
    });
  }
}

Deno.test("check: E3: each of the dead may have lost one block", () => {
  const scene = createScene("hardened");
  const { heap, live, medium } = scene;
  heap.i32[Header.X_DEATHS] = 1;
  assert(States.claim(heap.core.m, live));
  assertEquals(heap.check().findings, []);
  assert(States.claim(heap.core.m, medium));
  assertEquals(heap.check().ok, false);
  heap.i32[Header.X_DEATHS] = 2;
  assertEquals(heap.check().findings, []);
  heap.close();
});
