/**
 * MEM and OBJ need an attached thread state, RAW never does; who has none is
 * told so and nothing happens.
 *
 * Source: CPython 3.14 Doc/c-api/memory.rst; Lib/test/test_capi/test_mem.py,
 * test_pymem_malloc_without_gil.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ThreadStateError } from "../../mod.ts";
import {
  type Calls,
  CELLS,
  eachCell,
  liveBlocks,
} from "../helpers/heap_fixture.ts";

/** All calls of a domain, on a block that is live. */
function attempts(calls: Calls, block: number): [string, () => unknown][] {
  return [
    ["malloc", () => calls.malloc(10)],
    ["malloc of nothing", () => calls.malloc(0)],
    ["malloc of much", () => calls.malloc(100000)],
    ["calloc", () => calls.calloc(10, 10)],
    ["realloc of NULL", () => calls.realloc(0, 10)],
    ["realloc", () => calls.realloc(block, 1000)],
    ["free", () => calls.free(block)],
  ];
}

eachCell(
  CELLS.filter((cell) => cell.domain !== "raw"),
  "a call without an attached thread state is refused",
  (calls, heap, cell) => {
    const block = calls.malloc(10);
    for (const [name, attempt] of attempts(calls, block)) {
      heap.threads.detach();
      const error = assertThrows(attempt, ThreadStateError, "Cannot ", name);
      heap.threads.attach();
      assert(error.message.includes("attached thread state"), error.message);
      assertEquals(liveBlocks(heap, cell.domain), 1, name);
    }
    calls.free(block);
  },
);

eachCell(
  CELLS.filter((cell) => cell.domain === "raw"),
  "RAW may be called without an attached thread state",
  (calls, heap, cell) => {
    heap.threads.detached(() => {
      const blocks = [
        calls.malloc(10),
        calls.malloc(0),
        calls.malloc(100000),
        calls.calloc(10, 10),
        calls.realloc(0, 10),
        calls.realloc(calls.malloc(10), 1000),
      ];
      assert(!blocks.includes(0));
      blocks.forEach(calls.free);
    });
    assertEquals(liveBlocks(heap, cell.domain), 0);
  },
);

eachCell(CELLS, "no call serves a heap that is closed", (calls, heap) => {
  const block = calls.malloc(10);
  heap.close();
  for (const [name, attempt] of attempts(calls, block)) {
    assertThrows(attempt, ThreadStateError, "Cannot ", name);
  }
  heap.close();
});
