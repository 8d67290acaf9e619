/** What collections do besides: tuples, free lists, what was put off, texts. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { attach, createHeap } from "../../mod.ts";
import {
  DEBUG_COLLECTABLE,
  DEBUG_LEAK,
  DEBUG_SAVEALL,
  DEBUG_STATS,
  DEBUG_UNCOLLECTABLE,
} from "../../src/gc/mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import * as GcState from "../../src/layout/gc_state.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import {
  Float,
  FreeLists,
  List,
  Long,
  MemDelayed,
  Tuple,
  UserType,
} from "../../src/objects/mod.ts";
import { assertSound, liveBlocks } from "../helpers/heap_fixture.ts";
import { dropRing, inBoth, type Scene, sceneOf } from "./heap.ts";

inBoth(
  "tuples are tracked, until it is seen that they need not be",
  (scene) => {
    const { o, gc } = scene;
    const one = Long.fromNumber(o, 1000);
    const empty = Tuple.create(o, 0);
    const atomic = Tuple.pair(o, one, one);
    const nested = Tuple.pack(o, atomic, empty);
    const list = List.create(o);
    const other = Tuple.fromArray(o, [one, list]);
    assert(!gc.isTracked(empty));
    const all = [atomic, nested, other];
    assertEquals(all.map((op) => gc.isTracked(op)), [true, true, true]);
    gc.collect();
    gc.collect();
    assertEquals(all.map((op) => gc.isTracked(op)), [false, false, true]);
    for (const op of [nested, atomic, other, list, one]) o.decref(op);
    // Out of the free list it is tracked again.
    const again = Tuple.create(o, 2);
    assert(gc.isTracked(again));
    o.decref(again);
  },
);

inBoth("a tuple that is not complete stays tracked", (scene) => {
  const { o, gc } = scene;
  const op = Tuple.create(o, 2);
  Tuple.setItem(o, op, 0, Long.fromNumber(o, 7));
  gc.collect();
  assert(gc.isTracked(op));
  Tuple.setItem(o, op, 1, Tuple.create(o, 0));
  gc.collect();
  assert(!gc.isTracked(op));
  o.decref(op);
});

inBoth("cycles through tuples are found", (scene) => {
  const { o, gc } = scene;
  const list = List.create(o);
  const inner = Tuple.pack(o, list);
  const outer = Tuple.pack(o, inner);
  gc.collect();
  List.append(o, list, outer);
  for (const op of [list, inner, outer]) o.decref(op);
  assertEquals(gc.collect(), 3);
});

/** Objects that survived, as the collector counts them. */
function longLived({ o }: Scene): number {
  return Atomics.load(o.i32, Layout.OBJECTS + GcState.X_LONG_LIVED_TOTAL);
}

inBoth(
  "tuples that are not tracked count as old where all is walked",
  (scene, build) => {
    const { o, gc } = scene;
    const one = Long.fromNumber(o, 1000);
    const tuples = Array.from({ length: 50 }, () => Tuple.pair(o, one, one));
    const list = List.create(o);
    for (let k = 0; k < 3; k++) {
      gc.collect();
      assertEquals(longLived(scene), build === "gil" ? 1 : 51);
    }
    for (const op of [...tuples, list, one]) o.decref(op);
    gc.collect();
    assertEquals(longLived(scene), 0);
  },
);

/** Runs with two workers; the second one is detached. */
function withSecond(
  test: (scene: Scene, second: Scene) => void,
): void {
  using heap = createHeap({
    build: "free-threaded",
    maxBytes: 64 * 1024 * 1024,
  });
  const scene = sceneOf(heap);
  heap.threads.detach();
  const other = attach(heap.handle);
  const second = sceneOf(other);
  other.threads.detach();
  heap.threads.attach();
  test(scene, second);
  FreeLists.clear(scene.o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

/** Fills free lists of a worker. */
function fill({ o }: Scene): void {
  const ops = Array.from({ length: 60 }, (_, k) => Float.fromNumber(o, k));
  for (let k = 0; k < 30; k++) ops.push(List.create(o), Tuple.create(o, 3));
  for (const op of ops) o.decref(op);
}

/** Runs something as another worker of this thread. */
function as(scene: Scene, second: Scene, run: () => void): void {
  scene.heap.threads.detach();
  second.heap.threads.attach();
  run();
  second.heap.threads.detach();
  scene.heap.threads.attach();
}

Deno.test("a collection empties the free lists of all (free-threaded)", () => {
  withSecond((scene, second) => {
    as(scene, second, () => fill(second));
    fill(scene);
    assertEquals(liveBlocks(scene.heap, "obj"), 240);
    scene.gc.collect();
    assertEquals(liveBlocks(scene.heap, "obj"), 0);
    // They are as usable as before.
    as(scene, second, () => fill(second));
    scene.gc.collect();
  });
});

Deno.test("free lists of the dead go to a collection (free-threaded)", () => {
  withSecond((scene, second) => {
    as(scene, second, () => fill(second));
    scene.heap.revoke(second.heap.threads.id, { dead: true });
    assertEquals(liveBlocks(scene.heap, "obj"), 120);
    scene.gc.collect();
    assertEquals(liveBlocks(scene.heap, "obj"), 0);
  });
});

Deno.test("free lists of the dead go to the next in its slot (free-threaded)", () => {
  withSecond((scene, second) => {
    as(scene, second, () => fill(second));
    const { id } = second.heap.threads;
    scene.heap.revoke(id, { dead: true });
    scene.heap.threads.detach();
    const third = sceneOf(attach(scene.heap.handle));
    const before = liveBlocks(third.heap, "obj");
    const op = Float.fromNumber(third.o, 1);
    assertEquals(liveBlocks(third.heap, "obj"), before);
    third.o.decref(op);
    third.heap.close();
    scene.heap.threads.attach();
    assertEquals(liveBlocks(scene.heap, "obj"), 0);
  });
});

Deno.test("a pause gives up what all have put off (free-threaded)", () => {
  withSecond((scene, second) => {
    const { o, gc, heap } = scene;
    const op = UserType.create(o, scene.node);
    const list = List.create(o);
    let block = 0;
    as(scene, second, () => {
      block = second.heap.core.mem.malloc(100);
      MemDelayed.free(second.o, block, 100);
      MemDelayed.decref(second.o, op);
    });
    MemDelayed.decref(o, list);
    const before = liveBlocks(heap, "mem");
    gc.collect();
    assertEquals(liveBlocks(heap, "mem"), before - 1);
    assertEquals(gc.getObjects(), []);
  });
});

inBoth("the texts are CPython's", (scene, build) => {
  const { gc } = scene;
  const lines: string[] = [];
  const before = Debug.Stderr.redirect((text) => lines.push(text));
  dropRing(scene, 2);
  gc.debug = DEBUG_STATS;
  gc.collect(1);
  gc.debug = DEBUG_COLLECTABLE | DEBUG_UNCOLLECTABLE;
  dropRing(scene, 1);
  gc.collect();
  Debug.Stderr.redirect(before);
  const text = lines.join("");
  const lists = build === "gil"
    ? "gc: objects in each generation: 2 0 0\n" +
      "gc: objects in permanent generation: 0\n"
    : "";
  assertMatch(
    text,
    new RegExp(
      `^gc: collecting generation 1\\.\\.\\.\\n${lists}` +
        "gc: done, 2 unreachable, 0 uncollectable, \\d+\\.\\d{4}s elapsed\\n" +
        "gc: collectable <Node 0x[0-9a-f]+>\\n$",
    ),
  );
  assertEquals(
    DEBUG_LEAK,
    DEBUG_COLLECTABLE | DEBUG_UNCOLLECTABLE | DEBUG_SAVEALL,
  );
});
