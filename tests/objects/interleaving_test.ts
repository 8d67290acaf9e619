/**
 * Two workers at one exchange, step by step in one thread: while the first is
 * about to publish, the second one does the same and is done.
 */

import { assert, assertEquals } from "@std/assert";
import type { Heap } from "../../mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ObjectsWords from "../../src/layout/objects.ts";
import { type Objects, Unicode } from "../../src/objects/mod.ts";
import { liveBlocks, withHeap } from "../helpers/heap_fixture.ts";
import { openObjects } from "./objects_fixture.ts";

/** Word that names the first table of interned strings. Word index. */
const FIRST = Layout.OBJECTS + ObjectsWords.X_INTERNED;

/**
 * Runs `first`; before its exchange that `isIt` says, `second` runs to its end.
 *
 * @returns Whether there was such an exchange.
 */
function overtaken(
  isIt: (at: number) => boolean,
  first: () => void,
  second: () => void,
): boolean {
  const original = Atomics.compareExchange;
  let isThrough = false;
  const patched = (words: Int32Array, at: number, a: number, b: number) => {
    if (!isThrough && isIt(at)) {
      isThrough = true;
      second();
    }
    return original(words, at, a, b);
  };
  Object.assign(Atomics, { compareExchange: patched });
  try {
    first();
  } finally {
    Object.assign(Atomics, { compareExchange: original });
  }
  return isThrough;
}

/** Runs a test on the objects of a heap without the GIL. */
function withThreads(test: (o: Objects, heap: Heap) => void): void {
  withHeap("free-threaded", (heap) => test(openObjects(heap), heap));
}

function internNew(o: Objects, text: string): number {
  return Unicode.intern(o, Unicode.fromString(o, text));
}

Deno.test("who comes second at a slot takes the string of the first", () => {
  withThreads((o, heap) => {
    internNew(o, "so that there is a table");
    const table = heap.i32[FIRST];
    const before = liveBlocks(heap, "obj");
    let [slow, fast] = [0, 0];
    const isRaced = overtaken(
      (at) => at > table,
      () => slow = internNew(o, "a name"),
      () => fast = internNew(o, "a name"),
    );
    assert(isRaced);
    assertEquals(slow, fast);
    assertEquals(internNew(o, "a name"), fast);
    assertEquals(liveBlocks(heap, "obj"), before + 1);
  });
});

Deno.test("who loses a slot to another string looks for one again", () => {
  withThreads((o, heap) => {
    const other = internNew(o, "so that there is a table");
    const table = heap.i32[FIRST];
    let slot = 0;
    let slow = 0;
    const isRaced = overtaken(
      (at) => at > table && (slot = at) > 0,
      () => slow = internNew(o, "a name"),
      () => heap.i32[slot] = other,
    );
    assert(isRaced);
    assertEquals(heap.i32[slot], other);
    assertEquals(internNew(o, "a name"), slow);
    assertEquals(Unicode.toString(o, slow), "a name");
  });
});

Deno.test("who loses with a table frees it", () => {
  withThreads((o, heap) => {
    const before = liveBlocks(heap, "raw");
    let [slow, fast] = [0, 0];
    const isRaced = overtaken(
      (at) => at === FIRST,
      () => slow = internNew(o, "a name"),
      () => fast = internNew(o, "a name"),
    );
    assert(isRaced);
    assertEquals(slow, fast);
    assertEquals(liveBlocks(heap, "raw"), before + 1);
  });
});

Deno.test("who loses with the objects from the start frees them", () => {
  withHeap("free-threaded", (heap) => {
    const word = Layout.OBJECTS + ObjectsWords.X_STATICS;
    const made: Objects[] = [];
    const isRaced = overtaken(
      (at) => at === word,
      () => made.push(openObjects(heap)),
      () => made.push(openObjects(heap)),
    );
    assert(isRaced);
    assertEquals(made[0].statics, made[1].statics);
    assertEquals(liveBlocks(heap, "raw"), 1);
  });
});
