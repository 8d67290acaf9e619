/**
 * `heap.mem.new()` and `heap.mem.resize()`: room for items of a type.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHeap, f64, MemoryError, ptr, struct, u8 } from "../../mod.ts";

const Node = struct({ x: f64, next: ptr, tag: u8 });

for (const build of ["free-threaded", "gil"] as const) {
  Deno.test(`heap.mem.new() and resize() keep the items (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 16 << 20 });
    const node = Node.view(heap);
    let nodes = heap.mem.new(Node, 10);
    for (let i = 0; i < 10; i++) node.x.set(Node.item(nodes, i), i);
    nodes = heap.mem.resize(nodes, Node, 5000);
    assert(heap.mem.sizeOf(nodes) >= 5000 * Node.size);
    for (let i = 0; i < 10; i++) {
      assertEquals(node.x.get(Node.item(nodes, i)), i);
    }
    heap.mem.free(nodes);
    assertEquals(heap.check().blocks, [0, 0, 0]);
  });

  Deno.test(`heap.mem.new() refuses counts that are none (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 16 << 20 });
    const kept = heap.mem.new(Node, 3);
    for (const count of [-1, 0.5, NaN, 2 ** 53]) {
      assertThrows(() => heap.mem.new(Node, count), RangeError, String(count));
      assertThrows(() => heap.mem.resize(kept, Node, count), RangeError);
    }
    assertThrows(() => heap.mem.new(Node, 2 ** 50), MemoryError);
    assertThrows(() => heap.mem.resize(kept, Node, 2 ** 30), MemoryError);
    heap.mem.free(kept);
    assertEquals(heap.check().findings, []);
  });
}
