/**
 * Delayed frees: limits, goals, threads that end, lack of memory.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, type Heap } from "../../mod.ts";
import { Core } from "../../src/domains/mod.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import {
  List,
  Long,
  MemDelayed,
  None,
  type Objects,
  open,
} from "../../src/objects/mod.ts";
import { Delayed, ListItems } from "../../src/objects/sharing/mod.ts";
import { CriticalSection, SafePoint, Sections } from "../../src/threads/mod.ts";
import { liveBlocks } from "../helpers/heap_fixture.ts";
import {
  eachBuild,
  openObjects,
  withObjects,
} from "../objects/objects_fixture.ts";

/** Puts off blocks of MEM. */
function putOff(o: Objects, count: number, nbytes: number): void {
  for (let k = 0; k < count; k++) {
    MemDelayed.free(o, o.core.mem.malloc(nbytes), nbytes);
  }
}

/** Whether the worker shall look what it may free. */
function isDue(o: Objects): boolean {
  return o.i32[o.m.thread + ThreadState.DELAYED_DUE] !== 0;
}

/** Another attached thread state, as another worker would have it. */
function joinAttached(heap: Heap): Core.Core {
  const { m } = heap.core;
  const core = Core.join(m.buffer, m.clock);
  core.attach();
  return core;
}

eachBuild("C40: what is put off waits for an attached reader", (o, heap) => {
  if (!o.isBiased) {
    putOff(o, 1, 100);
    assertEquals(liveBlocks(heap, "mem"), 0);
    return;
  }
  const reader = joinAttached(heap);
  putOff(o, Delayed.DEFERRED_LIMIT + 1, 100);
  heap.threads.safePoint();
  MemDelayed.process(o);
  assertEquals(stillWaiting(o), Delayed.DEFERRED_LIMIT + 1);
  SafePoint.safePoint(reader.m);
  MemDelayed.process(o);
  assertEquals(stillWaiting(o), 0);
  reader.close();
  assertEquals(liveBlocks(heap, "mem"), 0);
});

Deno.test("C41: 127 blocks share a sequence, and 1 MiB", () => {
  withObjects("free-threaded", (o, heap) => {
    putOff(o, Delayed.DEFERRED_LIMIT, 16);
    assertEquals(isDue(o), false);
    putOff(o, 1, 16);
    assertEquals(isDue(o), true);
    heap.threads.safePoint();
    assertEquals(isDue(o), false);
    assertEquals(stillWaiting(o), 0);
    putOff(o, 4, 262_144);
    assertEquals(isDue(o), false);
    putOff(o, 1, 16);
    assertEquals(isDue(o), true);
    heap.threads.safePoint();
    putOff(o, 1, Delayed.FREE_MEM_LIMIT + 1);
    assertEquals(isDue(o), true);
    heap.threads.safePoint();
    assertEquals(liveBlocks(heap, "mem"), 0);
  });
});

Deno.test("C48: what an ended thread has put off is freed by another", () => {
  withObjects("free-threaded", (o, heap) => {
    const other = joinAttached(heap);
    const theirs = open(other)!;
    putOff(theirs, 20, 100);
    MemDelayed.decref(theirs, Long.fromNumber(theirs, 5000));
    // This thread has passed no safe point, so nothing can be freed at the end.
    other.close();
    assertEquals(stillWaiting(o), 21);
    heap.threads.safePoint();
    MemDelayed.process(o);
    assertEquals(stillWaiting(o), 0);
    assertEquals(liveBlocks(heap, "mem"), 0);
  });
});

/** Items in all chunks of the heap, which nobody else uses. Count. */
function stillWaiting(o: Objects): number {
  let items = 0;
  for (let at = Delayed.next(o.m, 0); at !== 0; at = Delayed.next(o.m, at)) {
    items += Delayed.length(o.m, at);
  }
  return items;
}

Deno.test("Without memory for the queue the world is stopped instead", () => {
  withObjects("free-threaded", (o, heap) => {
    const { allocators } = heap.core;
    const record = allocators.get(PageMap.RAW);
    const block = o.core.mem.malloc(100);
    allocators.set(PageMap.RAW, { ...record, malloc: () => 0 });
    MemDelayed.free(o, block, 100);
    allocators.set(PageMap.RAW, record);
    assertEquals(liveBlocks(heap, "mem"), 0);
  });
});

Deno.test("A shared list puts its old arrays off, another does not", () => {
  withObjects("free-threaded", (o, heap) => {
    const list = List.create(o);
    for (let k = 0; k < 100; k++) List.append(o, list, None.none(o));
    assertEquals(stillWaiting(o), 0);
    heap.threads.detach();
    const other = attach(heap.handle);
    const theirs = openObjects(other);
    theirs.decref(List.getItem(theirs, list, 0));
    other.close();
    heap.threads.attach();
    for (let k = 0; k < 100; k++) List.append(o, list, None.none(o));
    const waiting = stillWaiting(o);
    assert(waiting > 0);
    o.decref(list);
    putOff(o, Delayed.DEFERRED_LIMIT + 1 - waiting, 16);
    heap.threads.safePoint();
    assertEquals(stillWaiting(o), 0);
    assertEquals(liveBlocks(heap, "mem"), 0);
  });
});

eachBuild(
  "C44: sections are suspended when their thread detaches",
  (o, heap) => {
    const mutexOf = (op: number) => (op >>> 2) + PyObject.X_OB_MUTEX;
    const isHeld = (op: number) => o.i32[mutexOf(op)] !== 0;
    const a = List.create(o);
    const b = List.create(o);
    const c = List.create(o);
    const { m } = o;
    if (!o.isBiased) {
      CriticalSection.begin2(m, mutexOf(a), mutexOf(b));
      assertEquals(Sections.depth(m), 0);
    } else {
      CriticalSection.begin(m, mutexOf(a));
      CriticalSection.begin(m, mutexOf(a));
      CriticalSection.begin2(m, mutexOf(b), mutexOf(c));
      assertEquals([isHeld(a), isHeld(b)], [true, true]);
      heap.threads.detach();
      assertEquals([isHeld(a), isHeld(b)], [false, false]);
      heap.threads.attach();
      assertEquals([isHeld(a), isHeld(b)], [false, true]);
      CriticalSection.end(m);
      assertEquals([isHeld(a), isHeld(b)], [true, false]);
      CriticalSection.end(m);
      assertEquals(isHeld(a), true);
    }
    CriticalSection.end(m);
    assertEquals(Sections.depth(m), 0);
    for (const op of [a, b, c]) o.decref(op);
  },
);

Deno.test("sections go on in a block of RAW, and are refused above that", () => {
  withObjects("free-threaded", (o, heap) => {
    const { m } = o;
    const lists = Array.from({ length: 600 }, () => List.create(o));
    const mutexes = lists.map((op) => (op >>> 2) + PyObject.X_OB_MUTEX);
    const enter = (k: number): void => {
      if (k === mutexes.length) return;
      o.nested("go deeper", () => {
        CriticalSection.begin(m, mutexes[k]);
        enter(k + 1);
      });
    };
    enter(0);
    assertEquals(Sections.depth(m), 600);
    heap.threads.detach();
    assert(mutexes.every((at) => o.i32[at] === 0));
    heap.threads.attach();
    assertEquals(mutexes.findIndex((at) => o.i32[at] !== 0), 599);
    for (let k = 599; k >= 0; k--) {
      assert(o.i32[mutexes[k]] !== 0, `section ${k}`);
      CriticalSection.end(m);
    }
    assert(mutexes.every((at) => o.i32[at] === 0));
    for (const op of lists) o.decref(op);
  });
});

Deno.test("too many sections are refused, and change nothing", () => {
  withObjects("free-threaded", (o) => {
    const { m } = o;
    const list = List.create(o);
    const at = (list >>> 2) + PyObject.X_OB_MUTEX;
    for (let k = 0; k < ThreadState.SECTIONS_HERE; k++) {
      CriticalSection.begin(m, at);
    }
    assertThrows(
      () => CriticalSection.begin(m, at),
      RangeError,
      "Cannot begin a critical section: 12 mutexes are all that a thread",
    );
    for (let k = 0; k < ThreadState.SECTIONS_HERE; k++) CriticalSection.end(m);
    assertEquals(o.i32[at], 0);
    o.decref(list);
  });
});

Deno.test("A shared list does not grow if its array cannot be put off", () => {
  withObjects("free-threaded", (o, heap) => {
    const none = None.none(o);
    const list = List.fromArray(o, [none]);
    ListItems.share(o.m, o.fields(list));
    const { allocators } = heap.core;
    const record = allocators.get(PageMap.RAW);
    allocators.set(PageMap.RAW, { ...record, malloc: () => 0 });
    assertEquals(List.append(o, list, none), false);
    assertEquals(List.length(o, list), 1);
    allocators.set(PageMap.RAW, record);
    assertEquals(List.append(o, list, none), true);
    assertEquals(List.length(o, list), 2);
    o.decref(list);
  });
});
