/**
 * The type-oriented functions, the aliases, and what the compiler refuses.
 */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { PointerError, ThreadStateError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import {
  assertPainted,
  assertUnchanged,
  liveBlocks,
  paint,
  snapshot,
} from "../helpers/heap_fixture.ts";
import { detached, withRuntime } from "./fixture.ts";

const { f64, NULL, ptr, PyMem_Del, PyMem_New, PyMem_Resize } = C;
const { PY_SSIZE_T_MAX, struct, u8 } = C;

const Node = struct({ x: f64, next: ptr, tag: u8 }); // 16 bytes
const MANY = [
  -1,
  -16,
  PY_SSIZE_T_MAX,
  PY_SSIZE_T_MAX / 16 + 1,
  2 ** 49,
  2 ** 60,
  Infinity,
  -Infinity,
].map(Math.floor);
const NO_COUNTS = [NaN, 0.5, "2", undefined, null, 2n, true] as number[];

describe("PyMem_New()", () => {
  it("makes room for items of a type", () => {
    withRuntime((heap) => {
      const nodes = PyMem_New(Node, 3);
      assert(nodes !== NULL);
      assert(heap.mem.sizeOf(nodes) >= 48);
      Node.write(heap, Node.item(nodes, 2), { x: 2.5, next: nodes, tag: 1 });
      assertEquals(Node.read(heap, nodes + 32).x, 2.5);
      PyMem_Del(nodes);
      assertEquals(liveBlocks(heap, "mem"), 0);
    });
  });

  it("gives a block of its own for no items", () => {
    withRuntime(() => {
      const blocks = [PyMem_New(Node, 0), PyMem_New(u8, 0), PyMem_New(u8, -0)];
      assert(!blocks.includes(NULL));
      assertEquals(new Set(blocks).size, 3);
      blocks.forEach(PyMem_Del);
    });
  });

  it("C09: gives NULL for too many without asking the heap", () => {
    withRuntime((heap) => {
      const before = snapshot(heap);
      // Detached, the heap would throw if it were asked.
      detached(heap, () => {
        for (const n of MANY) assertEquals(PyMem_New(Node, n), NULL, `${n}`);
        assertThrows(() => PyMem_New(Node, 1), ThreadStateError);
      });
      assertUnchanged(heap, before, "too many items");
      const most = Math.floor(PY_SSIZE_T_MAX / 16);
      assertEquals(PyMem_New(Node, most), NULL);
      assertEquals(PyMem_New(u8, PY_SSIZE_T_MAX), NULL);
    });
  });

  it("refuses what is no count, and what is no type", () => {
    withRuntime(() => {
      for (const n of NO_COUNTS) {
        const text = "items of 16 bytes: the count must be a";
        assertThrows(() => PyMem_New(Node, n), TypeError, text);
      }
      for (const type of [undefined, null, 16, {}, "Node"]) {
        assertThrows(() => PyMem_New(type as typeof u8, 1), TypeError);
      }
    });
  });
});

describe("PyMem_Resize()", () => {
  it("keeps the items and returns the new address", () => {
    withRuntime((heap) => {
      const block = PyMem_New(f64, 10);
      paint(heap, block, 80, 1);
      const moved = PyMem_Resize(block, f64, 1000);
      assert(moved !== NULL);
      assertPainted(heap, moved, 80, 1);
      const small = PyMem_Resize(moved, f64, 1);
      assertPainted(heap, small, 8, 1);
      PyMem_Del(small);
      PyMem_Del(PyMem_Resize(NULL, f64, 5));
      assertEquals(liveBlocks(heap, "mem"), 0);
    });
  });

  it("never frees: no items are a block", () => {
    withRuntime((heap) => {
      const empty = PyMem_Resize(PyMem_New(f64, 10), f64, 0);
      assertNotEquals(empty, NULL);
      assertEquals(liveBlocks(heap, "mem"), 1);
      PyMem_Del(empty);
    });
  });

  it("C10: gives NULL on failure, and the old block is as it was", () => {
    withRuntime((heap) => {
      const block = PyMem_New(f64, 10);
      paint(heap, block, 80, 2);
      const before = snapshot(heap);
      for (const n of [...MANY, 1 << 20, 2 ** 40]) {
        let p = block;
        p = PyMem_Resize(p, f64, n === 2 ** 49 ? 2 ** 50 : n);
        assertEquals(p, NULL, `${n}`);
      }
      assertUnchanged(heap, before, "resizes that fail");
      assertPainted(heap, block, 80, 2);
      PyMem_Del(block);
    });
  });

  it("refuses what is no count, no type and no block", () => {
    withRuntime(() => {
      const block = PyMem_New(f64, 10);
      assert(block !== NULL);
      for (const n of NO_COUNTS) {
        const text = "items of 8 bytes: the count must be a";
        assertThrows(() => PyMem_Resize(block, f64, n), TypeError, text);
      }
      assertThrows(() => PyMem_Resize(block, {} as typeof f64, 1), TypeError);
      assertThrows(
        () => PyMem_Resize(block + 16 as C.MemPtr, f64, 1),
        PointerError,
      );
      PyMem_Del(block);
    });
  });
});

describe("Aliases", () => {
  it("are the functions themselves, as in C", () => {
    assertStrictEquals(C.PyMem_MALLOC, C.PyMem_Malloc);
    assertStrictEquals(C.PyMem_NEW, C.PyMem_New);
    assertStrictEquals(C.PyMem_REALLOC, C.PyMem_Realloc);
    assertStrictEquals(C.PyMem_RESIZE, C.PyMem_Resize);
    assertStrictEquals(C.PyMem_FREE, C.PyMem_Free);
    assertStrictEquals(C.PyMem_Del, C.PyMem_Free);
    assertStrictEquals(C.PyMem_DEL, C.PyMem_Free);
    assertStrictEquals(C.PyObject_MALLOC, C.PyObject_Malloc);
    assertStrictEquals(C.PyObject_REALLOC, C.PyObject_Realloc);
    assertStrictEquals(C.PyObject_FREE, C.PyObject_Free);
    assertStrictEquals(C.PyObject_Del, C.PyObject_Free);
    assertStrictEquals(C.PyObject_DEL, C.PyObject_Free);
  });
});

/** Compiles, and would not without the comments. Nobody calls it. */
function mixed(): void {
  const mem = C.PyMem_Malloc(8);
  const raw = C.PyMem_RawMalloc(8);
  const obj = C.PyObject_Malloc(8);
  const items = PyMem_New(f64, 8);
  if (items === NULL) return;
  const item: C.MemPtr = items;
  C.PyMem_Free(item);
  // @ts-expect-error A MEM pointer is no RAW pointer.
  C.PyMem_RawFree(mem);
  // @ts-expect-error A RAW pointer is no OBJ pointer.
  C.PyObject_Free(raw);
  // @ts-expect-error An OBJ pointer is no MEM pointer.
  C.PyMem_Realloc(obj, 8);
  // @ts-expect-error Items of MEM are no OBJ pointer.
  C.PyObject_Free(items);
  // @ts-expect-error An address inside of a block is no block.
  C.PyMem_Free(items + 8);
  // @ts-expect-error A result may be NULL until it was compared with it.
  const block: C.MemPtr = mem;
  C.PyMem_Free(block);
}

it("pointers of different families do not mix in TypeScript", () => {
  assertEquals(mixed.length, 0);
});
