/**
 * Real workers with one object: nothing is lost, and nothing is left.
 */

import { assertEquals } from "@std/assert";
import { createHeap, type Heap, i32, type PyObject } from "../../mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import { assertEmpty } from "./scene.ts";

const WORKER = new URL("handles_worker.ts", import.meta.url);
const WORKERS = 3;
const ROUNDS = 400;

/** Has workers do a task on objects, and looks at those. */
async function withWorkers(
  build: Heap["build"],
  task: string,
  make: (heap: Heap) => PyObject[],
  look: (objects: PyObject[]) => void,
): Promise<void> {
  await using fleet = await Fleet.start(WORKER, WORKERS);
  using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  const objects = make(heap);
  const jobs = Array.from({ length: WORKERS }, (_, me) => {
    const tokens = objects.map((each) => heap.share(each));
    return { token: tokens[0], tokens, rounds: ROUNDS, workers: WORKERS, me };
  });
  heap.threads.detach();
  await fleet.askAll("join", () => heap.handle);
  await fleet.askAll(task, (k) => jobs[k]);
  await fleet.askAll("leave", () => null);
  heap.threads.attach();
  heap.threads.safePoint();
  look(objects);
  for (const each of objects) each.close();
  assertEmpty(heap);
}

for (const build of BUILDS) {
  Deno.test(`${WORKERS} workers count words in one dict (${build})`, async () => {
    await withWorkers(
      build,
      "count",
      (heap) => [heap.from({})],
      ([dict]) => {
        const counts = Object.values(dict.toJS() as Record<string, number>);
        assertEquals(counts.length, 7);
        assertEquals(counts.reduce((a, b) => a + b), WORKERS * ROUNDS);
      },
    );
  });

  Deno.test(`${WORKERS} workers append to one list (${build})`, async () => {
    await withWorkers(build, "append", (heap) => [heap.from([])], ([list]) => {
      const items = list.toJS() as [number, number, string][];
      assertEquals(items.length, WORKERS * ROUNDS);
      for (let me = 0; me < WORKERS; me++) {
        const own = items.filter((item) => item[0] === me);
        assertEquals(own.map((item) => item[1]), [...Array(ROUNDS).keys()]);
      }
    });
  });

  Deno.test(`${WORKERS} workers add to one set (${build})`, async () => {
    await withWorkers(
      build,
      "add",
      (heap) => [heap.from(new Set<unknown>())],
      ([set]) => {
        assertEquals(
          (set.toJS() as Set<string>).size,
          (WORKERS + 1) * ROUNDS,
        );
      },
    );
  });

  Deno.test(`A section of two dicts, from both sides (${build})`, async () => {
    await withWorkers(
      build,
      "move",
      (heap) => [heap.from({ n: 10_000 }), heap.from({ n: 10_000 })],
      (dicts) => {
        const [a, b] = dicts.map((each) => each.toJS() as { n: number });
        assertEquals(a.n + b.n, 20_000);
        assertEquals(a.n, 10_000 - ROUNDS);
      },
    );
  });

  Deno.test(`An instance in a worker that knows its type or not (${build})`, async () => {
    await using fleet = await Fleet.start(WORKER, 1);
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    using type = heap.defineType({
      name: "Shared",
      fields: { n: i32, o: "object" },
    });
    using instance = type.new({ n: 7, o: [1] });
    const token = heap.share(instance);
    heap.threads.detach();
    await fleet.ask(0, "join", heap.handle);
    assertEquals(await fleet.ask(0, "instance", token), [
      "TypeError: Cannot get a field of Shared: this worker has not defined " +
      "the type",
      7,
    ]);
    await fleet.ask(0, "leave", null);
    heap.threads.attach();
  });
}
