/**
 * Real workers with one dict.
 */

import { assert, assertEquals } from "@std/assert";
import { createHeap, type Heap } from "../../mod.ts";
import { Dict, FreeLists, Long, type Objects } from "../../src/objects/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import { openObjects } from "../objects/objects_fixture.ts";
import { assertWhole } from "./dict_fixture.ts";

const WORKER = new URL("dict_worker.ts", import.meta.url);
const ROUNDS = 3000;
const KEYS = 20;

/** The values of a dict, in order. */
function valuesOf(o: Objects, dict: number): number[] {
  const values: number[] = [];
  const entry = new Dict.Entry();
  let position = Dict.next(o, dict, 0, entry);
  while (position >= 0) {
    values.push(Long.toNumber(o, entry.value));
    o.decref(entry.key);
    o.decref(entry.value);
    position = Dict.next(o, dict, position, entry);
  }
  return values;
}

/** Runs tasks of workers on a dict; claims that nothing is left at the end. */
async function withFleet(
  build: Heap["build"],
  tasks: readonly string[],
  test: (o: Objects, dict: number, answers: number[]) => void,
): Promise<void> {
  await using fleet = await Fleet.start(WORKER, tasks.length);
  using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  const o = openObjects(heap);
  const dict = Dict.create(o);
  heap.threads.detach();
  const job = {
    handle: heap.handle,
    dict,
    rounds: ROUNDS,
    workers: tasks.length,
  };
  const answers = await Promise.all(
    tasks.map((task, k) => fleet.ask<number>(k, task, job)),
  );
  heap.threads.attach();
  heap.threads.safePoint();
  assertWhole(o, dict);
  test(o, dict, answers);
  o.decref(dict);
  FreeLists.clear(o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

for (const build of BUILDS) {
  Deno.test(`3 workers count in one dict (${build})`, async () => {
    await withFleet(build, ["count", "count", "count"], (o, dict) => {
      const wanted = Array<number>(KEYS).fill(3 * ROUNDS / KEYS);
      assertEquals(valuesOf(o, dict), wanted);
    });
  });

  Deno.test(`Readers of a dict that is changed (${build})`, async () => {
    const tasks = ["read", "churn", "churn", "iterate"];
    await withFleet(build, tasks, (_o, _dict, [got]) => {
      // Under the GIL the reader may come when all is over.
      assert(got > 0 || build === "gil", "nothing was read");
    });
  });
}
