/**
 * What does a field access cost beside the raw view?
 *
 *     deno bench --no-check tests/types/field_access_bench.ts
 *
 * Each loop runs over 16384 structs of 16 bytes in 256 KiB, so that memory is
 * no part of the answer. "sum" loads and stores one field in order, "chase"
 * follows the links of a permuted list and loads two more fields, "mixed"
 * writes fields of all widths. The last lines use accessors of a second heap
 * and a second struct, so that no site has seen one shape only.
 */

import { f64, i32, ptr, struct, u16, u8 } from "../../src/types/mod.ts";
import { createViews } from "../../src/types/views.ts";

const COUNT = 16384;
const BASE = 65536;
const heap = createViews(new SharedArrayBuffer(1 << 22));
const Node = struct({ x: f64, next: ptr, tag: u8, kind: u16 });
const node = Node.view(heap);

const other = createViews(new SharedArrayBuffer(1 << 18));
const Pair = struct({ tag: u8, left: i32, x: f64, y: f64, next: ptr });
const pair = Pair.view(other);

for (let i = 0; i < COUNT; i++) {
  const p = Node.item(BASE, i);
  node.x.set(p, i);
  node.next.set(p, Node.item(BASE, (i * 7919 + 1) % COUNT));
  node.tag.set(p, i);
  node.kind.set(p, i);
}
for (let i = 0; i < 2000; i++) {
  pair.x.set(BASE, pair.y.get(BASE) + 1);
  pair.tag.set(BASE, pair.left.get(BASE) + pair.next.get(BASE));
}

let sink = 0;

function sumRaw(): number {
  let sum = 0;
  for (let i = 0; i < COUNT; i++) {
    const p = BASE + i * 16;
    sum += heap.f64[p >>> 3];
    heap.f64[p >>> 3] = i;
  }
  return sum;
}

function sumFields(): number {
  let sum = 0;
  for (let i = 0; i < COUNT; i++) {
    const p = Node.item(BASE, i);
    sum += node.x.get(p);
    node.x.set(p, i);
  }
  return sum;
}

function chaseRaw(): number {
  let sum = 0;
  let p = BASE;
  for (let i = 0; i < COUNT; i++) {
    sum += heap.f64[p >>> 3] + heap.u8[p + 12];
    p = heap.u32[(p + 8) >>> 2];
  }
  return sum;
}

function chaseFields(): number {
  let sum = 0;
  let p = BASE;
  for (let i = 0; i < COUNT; i++) {
    sum += node.x.get(p) + node.tag.get(p);
    p = node.next.get(p);
  }
  return sum;
}

function mixedRaw(): number {
  for (let i = 0; i < COUNT; i++) {
    const p = BASE + i * 16;
    heap.f64[p >>> 3] = i;
    heap.u8[p + 12] = i;
    heap.u16[(p + 14) >>> 1] = heap.u8[p + 12] + i;
  }
  return heap.u16[(BASE + 14) >>> 1];
}

function mixedFields(): number {
  for (let i = 0; i < COUNT; i++) {
    const p = Node.item(BASE, i);
    node.x.set(p, i);
    node.tag.set(p, i);
    node.kind.set(p, node.tag.get(p) + i);
  }
  return node.kind.get(BASE);
}

function itemsRaw(): number {
  let sum = 0;
  for (let i = 0; i < COUNT; i++) {
    sum += heap.f64[(BASE >>> 3) + i];
    heap.f64[(BASE >>> 3) + i] = i;
  }
  return sum;
}

const doubles = f64.view(heap);

function itemsFields(): number {
  let sum = 0;
  for (let i = 0; i < COUNT; i++) {
    sum += doubles.getItem(BASE, i);
    doubles.setItem(BASE, i, i);
  }
  return sum;
}

/** One call that never returns to its caller: on-stack replacement. */
function longRaw(rounds: number): number {
  let sum = 0;
  for (let r = 0; r < rounds; r++) {
    for (let i = 0; i < COUNT; i++) {
      const p = BASE + i * 16;
      sum += heap.f64[p >>> 3];
      heap.f64[p >>> 3] = i;
    }
  }
  return sum;
}

function longFields(rounds: number): number {
  let sum = 0;
  for (let r = 0; r < rounds; r++) {
    for (let i = 0; i < COUNT; i++) {
      const p = Node.item(BASE, i);
      sum += node.x.get(p);
      node.x.set(p, i);
    }
  }
  return sum;
}

const LOOPS: Record<string, [() => number, () => number]> = {
  sum: [sumRaw, sumFields],
  chase: [chaseRaw, chaseFields],
  mixed: [mixedRaw, mixedFields],
  items: [itemsRaw, itemsFields],
  long: [() => longRaw(40), () => longFields(40)],
};

for (const [group, [raw, fields]] of Object.entries(LOOPS)) {
  Deno.bench(`${group}: raw view`, { group, baseline: true }, () => {
    sink += raw();
  });
  Deno.bench(`${group}: accessors`, { group }, () => {
    sink += fields();
  });
}

Deno.bench("keeps the sums alive", () => {
  if (sink === 0.5) throw new Error("Impossible sum");
});
