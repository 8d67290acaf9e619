/**
 * A stack that runs out inside the objects: every container can still be used,
 * by all, the heap is sound, and little is lost.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Build, createHeap, type Heap } from "../../mod.ts";
import * as ObjectHeader from "../../src/layout/object_free_threaded.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { FreeLists, Held, Kinds, MemDelayed } from "../../src/objects/mod.ts";
import { OVERFLOW } from "../../src/memory/mod.ts";
import { CriticalSection, Qsbr } from "../../src/threads/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { objectsIn } from "./scene.ts";

/** Series of overflows of one test. Count. */
const OVERFLOWS = 3;
/**
 * Most blocks that one series may lose: what the frames of its operations have
 * had in their hands. Measured: 10 in 10 series, or none.
 */
const LOST_MAX = 16;

/** What one test works with. */
function openScene(heap: Heap) {
  const list = heap.from([1, 2, 3]);
  const dict = heap.from({ one: 1 });
  const set = heap.from(new Set([1, 2]));
  return { heap, list, dict, set };
}

type Scene = ReturnType<typeof openScene>;

/** Operations that begin sections, allocate, drop and collect. */
const OPERATIONS: ((scene: Scene, k: number) => void)[] = [
  ({ list }, k) => void list.append([k]),
  ({ list }) => void list.pop().close(),
  ({ dict }, k) => void dict.set(`k${k % 50}`, { k }),
  ({ dict }, k) => void dict.delete(`k${k % 50}`),
  ({ dict }, k) => void dict.update(k % 9, (n) => (n as number) + 1, 0),
  ({ set }, k) => void set.add(k % 40),
  ({ set }, k) => void set.delete(k % 40),
  ({ heap }, k) => heap.from([k, { k }, new Set([k])]).close(),
  ({ heap, dict }) => void heap.toJS(dict),
  ({ heap, list, dict }) =>
    heap.criticalSection(list, dict, () => void list.append(dict.size)),
  ({ heap }) => {
    const ring = heap.from<unknown[]>([]);
    ring.append(ring);
    ring.close();
  },
  ({ list }) => void String(list),
];

/** Tries one operation. False if there was no stack for it. */
function tryOne(scene: Scene, rng: Prng): boolean {
  try {
    const k = rng.below(1000);
    if (rng.below(40) === 0) scene.heap.gc.collect();
    else OPERATIONS[rng.below(OPERATIONS.length)](scene, k);
    return true;
  } catch (error) {
    const { message } = error as Error; // no call: there is no stack for one
    if (message === OVERFLOW) return false;
    if (message.startsWith("Cannot pop item")) return true;
    throw error;
  }
}

/** Uses frames of the stack up, and then runs something. */
function below(depth: number, run: () => void): void {
  if (depth > 0) below(depth - 1, run);
  else run();
}

/**
 * Tries operations from where there is no stack for them to where there is, a
 * few frames further up each time: so it runs out in one place after the other.
 */
function overflow(scene: Scene, rng: Prng): void {
  let isOver = false;
  const run = () => {
    isOver = tryOne(scene, rng);
  };
  for (let depth = 16384; !isOver; depth -= 1 + rng.below(8)) {
    assert(depth > 0);
    try {
      below(depth, run);
    } catch (error) {
      assertEquals((error as Error).message, OVERFLOW); // not even for run()
    }
  }
}

/** Claims that no section is open, and that nobody has any of the objects. */
function assertFree({ heap, list, dict, set }: Scene): void {
  const o = objectsIn(heap);
  const { i32, m } = o;
  assertEquals(i32[m.thread + ThreadState.SECTION_DEPTH], 0, "sections");
  assertEquals(o.held, 0, "held");
  if (!o.isBiased) return;
  for (const { address } of [list, dict, set]) {
    const mutex = (address >>> 2) + ObjectHeader.X_OB_MUTEX;
    assertEquals(i32[mutex] & 1, 0, `mutex of ${address}`);
  }
}

/** Uses every container once more. */
function assertUsable(scene: Scene): void {
  const { heap, list, dict, set } = scene;
  list.append("last");
  assertEquals(list.getJS(list.length - 1), "last");
  assertEquals(dict.set("last", 1).getJS("last"), 1);
  assert(set.add("last").has("last"));
  heap.gc.collect();
  list.clear();
  dict.clear();
  set.clear();
}

/** Blocks that are live although nothing refers to anything. */
function leftBlocks(heap: Heap): number {
  const o = objectsIn(heap);
  heap.gc.collect();
  if (o.isBiased) Qsbr.advance(o.m);
  heap.threads.safePoint();
  MemDelayed.process(o);
  FreeLists.clear(o);
  return liveBlocks(heap, "obj") + liveBlocks(heap, "mem");
}

function runOut(build: Build, seed: number): void {
  using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  heap.gc.disable();
  const scene = openScene(heap);
  const rng = new Prng(seed);
  for (let k = 0; k < OVERFLOWS; k++) {
    overflow(scene, rng);
    assertUsable(scene);
    assertFree(scene);
  }
  assertSound(heap);
  for (const handle of [scene.list, scene.dict, scene.set]) handle.close();
  const lost = leftBlocks(heap);
  assert(lost <= OVERFLOWS * LOST_MAX, `${lost} blocks are lost`);
  assertSound(heap);
}

for (const build of BUILDS) {
  for (const seed of [1, 2]) {
    Deno.test(`A stack that runs out, seed ${seed} (${build})`, () => {
      runOut(build, seed);
    });
  }
}

/** A heap in which an operation on a list has not come to its end. */
function withLeft(test: (scene: Scene) => void): void {
  using heap = createHeap({
    build: "free-threaded",
    maxBytes: 16 * 1024 * 1024,
  });
  const scene = openScene(heap);
  const o = objectsIn(heap);
  CriticalSection.begin(
    o.m,
    (scene.list.address >>> 2) + ObjectHeader.X_OB_MUTEX,
  );
  test(scene);
}

Deno.test("What is left behind is found, and ended by the next call", () => {
  withLeft((scene) => {
    assert(Held.isOff(objectsIn(scene.heap)));
    assertThrows(() => assertFree(scene), Error, "sections");
    assertUsable(scene);
    assertFree(scene);
  });
});

Deno.test("What is left behind in a section ends with it", () => {
  withLeft((scene) => {
    const { heap, list, dict } = scene;
    const o = objectsIn(heap);
    heap.criticalSection(dict, () => {
      const mutex = (list.address >>> 2) + ObjectHeader.X_OB_MUTEX;
      CriticalSection.begin(o.m, mutex);
      assertEquals(Held.isOff(o), true);
      assertEquals(list.length, 3);
      assertEquals(o.held, 1);
      assertEquals(Held.isOff(o), false);
      CriticalSection.begin(o.m, mutex);
    });
    assertFree(scene);
  });
});

Deno.test("A section that waits to begin is given up with the thread state", () => {
  withLeft((scene) => {
    const { m } = objectsIn(scene.heap);
    const { slot, owner } = m;
    const at = m.thread + ThreadState.SECTIONS;
    m.i32[at] |= 1 << 30; // PENDING
    assertUsable(scene);
    assert(m.slot !== slot || m.owner !== owner);
    assertFree(scene);
    assertSound(scene.heap);
  });
});

for (const build of BUILDS) {
  Deno.test(`A collection that is cut short leaves the next one all (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 16 * 1024 * 1024 });
    heap.gc.disable();
    const o = objectsIn(heap);
    const rings = [1, 2, 3].map(() => heap.from({}));
    for (const ring of rings) ring.set("self", ring);
    for (const ring of rings) ring.close();
    const alive = [1, 2, 3].map(() => heap.from([]));
    const slots = o.slots[Kinds.DICT];
    let left = 2;
    o.slots[Kinds.DICT] = {
      ...slots,
      traverse(objects, op, visit) {
        if (--left === 0) throw new RangeError("cut short");
        slots.traverse!(objects, op, visit);
      },
    };
    assertThrows(() => heap.gc.collect(), RangeError, "cut short");
    o.slots[Kinds.DICT] = slots;
    for (const one of alive) one.close(); // leaves its list at once
    assertSound(heap);
    assertEquals(heap.gc.collect(), 3);
    assertEquals(leftBlocks(heap), 0);
    assertSound(heap);
  });
}
