/** The collector among real workers. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Build, createHeap, ThreadStateError } from "../../mod.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { assertSound, liveBlocks } from "../helpers/heap_fixture.ts";
import { FIRST_FREE, Fleet, signal, waitUntil } from "../helpers/workers.ts";
import { nodeOf, type Scene, sceneOf } from "./heap.ts";

const WORKER = new URL("./gc_worker.ts", import.meta.url);

/** Runs a test among so many workers, and claims that nothing is left. */
async function among(
  build: Build,
  count: number,
  test: (scene: Scene, fleet: Fleet) => Promise<void>,
): Promise<void> {
  using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  const scene = sceneOf(heap);
  await using fleet = await Fleet.start(WORKER, count);
  heap.threads.detach();
  await fleet.askAll("join", () => heap.handle);
  heap.threads.attach();
  await test(scene, fleet);
  heap.threads.detach();
  await fleet.askAll("leave", () => null);
  heap.threads.attach();
  scene.gc.collect();
  FreeLists.clear(scene.o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`a cycle through objects of three workers (${build})`, async () => {
    await among(build, 2, async ({ heap, o, gc, ...rest }, fleet) => {
      const root = nodeOf({ heap, o, gc, ...rest });
      heap.threads.detach();
      const first = await fleet.ask<number>(0, "link", root);
      await fleet.ask(1, "link", first);
      assertEquals(await fleet.ask(1, "collect", null), 0);
      heap.threads.attach();
      o.decref(root);
      heap.threads.detach();
      assertEquals(await fleet.ask(1, "collect", null), 3);
      heap.threads.attach();
    });
  });

  Deno.test(`a cycle whose owners have left (${build})`, async () => {
    await among(build, 1, async ({ heap, o, gc, ...rest }, fleet) => {
      const root = nodeOf({ heap, o, gc, ...rest });
      heap.threads.detach();
      await fleet.ask<number>(0, "link", root);
      await fleet.ask(0, "leave", null);
      heap.threads.attach();
      assertEquals(gc.collect(), 0);
      o.decref(root);
      assertEquals(gc.collect(), 2);
      heap.threads.detach();
      await fleet.ask(0, "join", heap.handle);
      heap.threads.attach();
    });
  });

  Deno.test({
    name: `every ring is found while three workers make them (${build})`,
    async fn() {
      await among(build, 3, async ({ heap, o, gc }, fleet) => {
        gc.enable();
        gc.setThreshold(500, 5, 5);
        heap.threads.detach();
        const done = fleet.askAll<number>("churn", (i) => i);
        heap.threads.attach();
        const deadline = performance.now() + 1500;
        let asked = 0;
        while (performance.now() < deadline) {
          asked += gc.collect();
          heap.threads.safePoint();
        }
        fleet.stop();
        heap.threads.detach();
        const made = (await done).reduce((sum, nodes) => sum + nodes, 0);
        heap.threads.attach();
        gc.collect();
        const collected = gc.getStats()
          .reduce((sum, stats) => sum + stats.collected, 0);
        assert(asked > 0);
        assertEquals(collected, made);
        assertEquals(gc.getObjects().map((op) => o.decref(op)), []);
      });
    },
  });
}

Deno.test("a thread without a safe point bounds the pause (free-threaded)", async () => {
  await among("free-threaded", 1, async ({ heap, gc }, fleet) => {
    heap.threads.detach();
    const blocked = fleet.ask(0, "block", null);
    waitUntil(fleet.control, FIRST_FREE, 1);
    heap.threads.attach();
    gc.stopTimeoutMs = 5;
    assertThrows(
      () => gc.collect(),
      ThreadStateError,
      "Cannot collect: a thread reached no safe point for 5 ms",
    );
    assertEquals(gc.getStats()[2].collections, 0);
    signal(fleet.control, FIRST_FREE + 1, 1);
    heap.threads.detach();
    await blocked;
    heap.threads.attach();
    gc.stopTimeoutMs = 10000;
    assertEquals(gc.collect(), 0);
    assertEquals(gc.getStats()[2].collections, 1);
  });
});
