/**
 * `heap.revoke()`, `reap()` and `certify()` as their users see them. What
 * recovery does at each step of a death is proved in `tests/models/` and with
 * real kills in `tests/real/`.
 */

import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  attach,
  type Build,
  createHeap,
  type Heap,
  ThreadStateError,
} from "../../mod.ts";
import type { MemPtr } from "../../mod.ts";

const BUILDS: Build[] = ["free-threaded", "gil"];

/** A heap and a second thread state of it, which is attached. */
function pair(build: Build): { heap: Heap; other: Heap } {
  const heap = createHeap({ build, maxBytes: 16 << 20 });
  heap.threads.detach();
  const other = attach(heap.handle);
  return { heap, other };
}

/** Blocks of every kind, of a heap that is about to die. */
function load({ raw, mem, obj }: Heap): MemPtr[] {
  const blocks: MemPtr[] = [];
  for (let k = 0; k < 200; k++) {
    blocks.push(mem.malloc(16 + k * 8));
    raw.malloc(100);
    obj.malloc(200);
  }
  blocks.push(mem.malloc(20000), mem.malloc(100000));
  blocks.slice(0, 50).forEach((block) => mem.free(block));
  return blocks.slice(50);
}

for (const build of BUILDS) {
  Deno.test(`revoke() hands on what a dead worker held (${build})`, () => {
    const { heap, other } = pair(build);
    const blocks = load(other);
    const { id, slot } = other.threads;
    const report = heap.revoke(id, { dead: true });
    assertEquals([report.slot, report.id], [slot, id]);
    assertEquals(report.state, "attached");
    assertEquals(report.hadGil, build === "gil");
    assertEquals(report.lostBlocks, 0);
    assert(report.isRecovered && report.pools > 0);
    heap.threads.attach();
    const { findings, blocks: counts } = heap.check();
    assertEquals(findings, []);
    assertEquals(counts, [200, 152, 200]);
    for (const block of blocks) heap.mem.free(block);
    assertEquals(heap.check().findings, []);
    assertEquals(heap.check().blocks[1], 0);
    assertEquals(heap.revoke(id, { dead: true }).state, "gone");
    heap.close();
  });

  Deno.test(`a revoked worker finds out (${build})`, () => {
    const { heap, other } = pair(build);
    const mine = other.mem.malloc(64);
    other.threads.detach();
    heap.threads.attach();
    const foreign = heap.raw.malloc(64);
    const report = heap.revoke(other.threads.slot);
    assertEquals(report.state, "detached");
    assert(report.isOutside);
    assertFalse(report.isRecovered);
    assertEquals(other.threads.state, "revoked");
    assertThrows(() => other.threads.attach(), Error);
    assertThrows(() => other.raw.malloc(100000), ThreadStateError, "revoked");
    assertThrows(() => other.raw.free(foreign), ThreadStateError, "revoked");
    assertEquals(heap.check().findings, []);
    heap.mem.free(mine);
    assertEquals(heap.check().findings, []);
    other.close();
    assertEquals(heap.stats().threads, 2);
    assert(heap.revoke(report.id, { dead: true }).isRecovered);
    assertEquals(heap.stats().threads, 1);
    assertEquals(heap.check().findings, []);
    heap.raw.free(foreign);
    heap.close();
  });
}

Deno.test("revoke() refuses what is no other worker", () => {
  const heap = createHeap({ maxBytes: 16 << 20 });
  for (const bad of [0, 1, -1, 1.5, NaN, 1 << 27]) {
    assertThrows(() => heap.revoke(bad), RangeError, "Cannot revoke thread");
  }
  assertThrows(() => heap.revoke(heap.threads.id), ThreadStateError, "own");
  assertThrows(() => heap.revoke(7), ThreadStateError, "no worker has it");
  heap.close();
  assertThrows(() => heap.revoke(7), ThreadStateError, "closed");
});

Deno.test("reap() leaves the living alone and finds the dead", async () => {
  const { heap, other } = pair("free-threaded");
  const held = other.mem.malloc(100);
  assert(await other.certify());
  assert(await other.certify());
  assertEquals(await heap.reap(), []);
  other.threads.detach();
  heap.threads.attach();
  const worker = new Worker(
    new URL("./dying_worker.ts", import.meta.url),
    { type: "module" },
  );
  worker.postMessage(heap.handle);
  const id = await new Promise<number>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  let reports = await heap.reap();
  for (let tries = 0; reports.length === 0 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    reports = await heap.reap();
  }
  assertEquals(reports.map((report) => report.id), [id]);
  assertEquals(heap.check().findings, []);
  heap.mem.free(held);
  heap.threads.detach();
  other.close();
  assertEquals(await heap.reap(), []);
  heap.threads.attach();
  heap.close();
  await assertRejects(() => heap.reap(), ThreadStateError, "closed");
});
