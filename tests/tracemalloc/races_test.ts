/**
 * Several workers at once: what CPython's tracemalloc has crashed or hung on,
 * by the number of the issue, and a stress of everything against everything.
 *
 * Seeds: 1 and up, as the calls say. How workers interleave is the machine's.
 */

import { assert, assertEquals } from "@std/assert";
import { type Build, createHeap, type Heap } from "../../mod.ts";
import { Tracemalloc } from "../../src/hooks/tracemalloc/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { FIRST_FREE, Fleet, waitUntil } from "../helpers/workers.ts";
import { blocksOf } from "./fixture.ts";
import type { Job, Work } from "./trace_worker.ts";

const WORKER = new URL("./trace_worker.ts", import.meta.url);
const IS_UNDER_WAY = FIRST_FREE;

/** Declares a test with workers of a heap, for each build. */
function withWorkers(
  name: string,
  workers: number,
  test: (
    fleet: Fleet,
    heap: Heap,
    tracemalloc: Tracemalloc,
    build: Build,
  ) => Promise<void>,
): void {
  for (const build of BUILDS) {
    Deno.test(`${name} (${build})`, async () => {
      using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
      const tracemalloc = new Tracemalloc(heap.core);
      await using fleet = await Fleet.start(WORKER, workers);
      heap.threads.detach();
      await fleet.askAll("join", () => ({ handle: heap.handle } as Job));
      heap.threads.attach();
      await test(fleet, heap, tracemalloc, build);
      if (heap.threads.state === "attached") heap.threads.detach();
      await fleet.askAll("leave", () => ({}));
      heap.threads.attach();
      tracemalloc.stop();
      assertEquals(blocksOf(heap), 0);
      assertEquals(heap.check().findings, []);
    });
  }
}

withWorkers(
  "gh-126314, gh-126315: all calls from all workers at once",
  3,
  async (fleet, heap, tracemalloc) => {
    heap.threads.detach();
    const works = await fleet.askAll<Work>(
      "work",
      (i) => ({ seed: 1 + i, ops: 1500 } as Job),
      120_000,
    );
    heap.threads.attach();
    assertEquals(works.map(({ damaged }) => damaged), [0, 0, 0]);
    assert(works.some(({ snapshots }) => snapshots > 0), "no snapshot");
    tracemalloc.start();
    assertEquals(tracemalloc.takeSnapshot().traces.length, 0);
    assertEquals(tracemalloc.getTracedMemory()[0], 0);
  },
);

withWorkers(
  "canary: a block that is freed unseen leaves a trace",
  1,
  async (fleet, heap, tracemalloc) => {
    heap.threads.detach();
    await fleet.ask(0, "work", { seed: 9, ops: 10, cheats: true } as Job);
    heap.threads.attach();
    tracemalloc.start();
    assertEquals(tracemalloc.takeSnapshot().traces.length, 1);
    assertEquals(tracemalloc.getTracedMemory()[0], 100);
  },
);

withWorkers(
  "gh-128679: track and untrack against stop",
  2,
  async (fleet, heap, tracemalloc) => {
    const races = fleet.askAll<number>(
      "trackRace",
      () => ({ ops: 2000 } as Job),
      120_000,
    );
    let isOver = false;
    races.then(() => isOver = true, () => isOver = true);
    let rounds = 0;
    while (!isOver) {
      tracemalloc.start();
      tracemalloc.stop();
      rounds++;
      heap.threads.safePoint();
      await Promise.resolve();
      // Lets the answers of the workers in.
      if (rounds % 10 === 0) {
        await new Promise((done) => setTimeout(done, 0));
      }
    }
    assertEquals(await races, [0, 0]);
    assert(rounds > 1);
  },
);

withWorkers(
  "gh-130093, gh-144763: snapshot and clear while RAW allocates detached",
  1,
  async (fleet, heap, tracemalloc) => {
    tracemalloc.start(3);
    const churn = fleet.ask<number>(0, "churnRaw", { tell: IS_UNDER_WAY });
    waitUntil(fleet.control, IS_UNDER_WAY, 1);
    // Attached all the time: the other one must not need us.
    for (let k = 0; k < 100; k++) {
      tracemalloc.takeSnapshot();
      tracemalloc.clearTraces();
      heap.mem.free(heap.mem.malloc(10));
      if (k % 10 === 0) {
        tracemalloc.stop();
        tracemalloc.start(3);
      }
    }
    fleet.stop();
    assert(await churn >= 10);
  },
);

withWorkers(
  "gh-155725: RAW is traced without attaching, whoever has the GIL",
  1,
  async (fleet, heap, tracemalloc) => {
    tracemalloc.start();
    assertEquals(heap.threads.state, "attached");
    const traceback = await fleet.ask<string>(0, "allocateRaw", {});
    assert(/trace_worker\.ts:\d+$/.test(traceback), traceback);
    assertEquals(tracemalloc.takeSnapshot().traces.length, 0);
  },
);

withWorkers(
  "a snapshot has the blocks of all workers, and says whose they are",
  0,
  async (_fleet, heap, tracemalloc) => {
    tracemalloc.start();
    const block = heap.mem.malloc(10);
    await using other = await Fleet.start(WORKER, 1);
    heap.threads.detach();
    const id = await other.ask<number>(0, "join", { handle: heap.handle });
    const churn = other.ask<number>(0, "churnRaw", { tell: IS_UNDER_WAY });
    waitUntil(other.control, IS_UNDER_WAY, 1);
    heap.threads.attach();
    const seen = new Set<number>();
    for (let k = 0; k < 10_000 && seen.size < 2; k++) {
      for (const { worker } of tracemalloc.takeSnapshot().traces) {
        seen.add(worker);
      }
    }
    assertEquals([...seen].sort(), [heap.threads.id, id].sort());
    other.stop();
    await churn;
    heap.mem.free(block);
    heap.threads.detach();
    await other.ask(0, "leave", {});
    heap.threads.attach();
  },
);
