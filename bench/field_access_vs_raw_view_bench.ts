/**
 * What does a typed accessor cost over an index into a view?
 *
 * 1,000 nodes of `struct { x: f64, next: ptr, tag: u8 }` in a linked list are
 * walked: sum `x`, count in `tag`, follow `next`. By the raw views with offsets
 * computed by hand, by the accessors of the struct, by a `DataView`, and by
 * `read`, which makes a JavaScript object of each node.
 *
 * Not shown: nodes that are far apart in memory, where both are slow alike.
 *
 * `Deno.bench` is what replaced `@std/bench`.
 *
 * @module
 */

import { createHeap } from "../mod.ts";
import { f64, ptr, struct, u8 } from "../src/types/mod.ts";

const NODES = 1000;
const GROUP = "walk 1,000 nodes";

const heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
const Node = struct({ x: f64, next: ptr, tag: u8 });
const node = Node.view(heap);
const data = new DataView(heap.buffer);

function makeList(): number {
  let head = 0;
  for (let k = 0; k < NODES; k++) {
    const p = heap.mem.malloc(Node.size);
    node.x.set(p, k);
    node.next.set(p, head);
    node.tag.set(p, 0);
    head = p;
  }
  return head;
}

const list = makeList();
const expected = NODES * (NODES - 1) / 2;

function verify(sum: number): void {
  if (sum !== expected) throw new Error(`Cannot be: sum ${sum}`);
}

Deno.bench("raw views", { group: GROUP, baseline: true }, () => {
  const { f64, u32, u8 } = heap;
  let sum = 0;
  for (let p = list; p !== 0; p = u32[(p + 8) >>> 2]) {
    sum += f64[p >>> 3];
    u8[p + 12] = (u8[p + 12] + 1) & 255;
  }
  verify(sum);
});

Deno.bench("accessors of the struct", { group: GROUP }, () => {
  const { x, next, tag } = node;
  let sum = 0;
  for (let p = list; p !== 0; p = next.get(p)) {
    sum += x.get(p);
    tag.set(p, (tag.get(p) + 1) & 255);
  }
  verify(sum);
});

Deno.bench("DataView", { group: GROUP }, () => {
  let sum = 0;
  for (let p = list; p !== 0; p = data.getUint32(p + 8, true)) {
    sum += data.getFloat64(p, true);
    data.setUint8(p + 12, (data.getUint8(p + 12) + 1) & 255);
  }
  verify(sum);
});

Deno.bench("an object of each node", { group: GROUP }, () => {
  let sum = 0;
  for (let p = list; p !== 0;) {
    const { x, next, tag } = Node.read(heap, p);
    sum += x;
    node.tag.set(p, (tag + 1) & 255);
    p = next;
  }
  verify(sum);
});
