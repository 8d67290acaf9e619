/**
 * Real workers with the same sets.
 */

import { assert, assertEquals } from "@std/assert";
import { createHeap, type Heap } from "../../mod.ts";
import { FreeLists, Long, type Objects, Sets } from "../../src/objects/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import { openObjects } from "../objects/objects_fixture.ts";

const WORKER = new URL("set_worker.ts", import.meta.url);
const ROUNDS = 3000;
/** Values of each worker; no small ints among them. */
const SPAN = 10_000;

/** The values of a set, which is cleared, in rising order. */
function drain(o: Objects, set: number): number[] {
  const values: number[] = [];
  for (let key = Sets.pop(o, set); key !== 0; key = Sets.pop(o, set)) {
    values.push(Long.toNumber(o, key));
    o.decref(key);
  }
  return values.sort((a, b) => a - b);
}

/** Runs tasks on two sets; claims that nothing is left at the end. */
async function withFleet(
  build: Heap["build"],
  tasks: readonly string[],
  count: number,
  test: (values: number[], answers: number[]) => void,
): Promise<void> {
  await using fleet = await Fleet.start(WORKER, tasks.length);
  using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  const o = openObjects(heap);
  const sets = [Sets.create(o), Sets.create(o)];
  for (let value = SPAN; value < SPAN + count; value++) {
    const key = Long.fromNumber(o, value);
    Sets.add(o, sets[value % 2], key);
    o.decref(key);
  }
  const [set, other] = sets;
  heap.threads.detach();
  const answers = await Promise.all(
    tasks.map((task, k) => {
      const first = (k + 1) * SPAN + (task === "move" ? k : 0);
      const rest = { rounds: ROUNDS, first, workers: tasks.length };
      return fleet.ask<number>(k, task, {
        handle: heap.handle,
        set,
        other,
        ...rest,
      });
    }),
  );
  heap.threads.attach();
  heap.threads.safePoint();
  test([...drain(o, set), ...drain(o, other)], answers);
  for (const op of sets) o.decref(op);
  FreeLists.clear(o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

for (const build of BUILDS) {
  Deno.test(`Workers add to one set (${build})`, async () => {
    const tasks = ["add", "add", "add"];
    await withFleet(build, tasks, 0, (values) => {
      const own = tasks.flatMap((_, k) =>
        Array.from({ length: ROUNDS }, (_, n) => (k + 1) * SPAN + n)
      );
      const common = Array.from({ length: 100 }, (_, k) => 1000 + k);
      assertEquals(values, [...common, ...own]);
    });
  });

  Deno.test(`Workers move keys between two sets (${build})`, async () => {
    const tasks = ["move", "move", "combine"];
    await withFleet(build, tasks, 40, (values, [one, two]) => {
      const wanted = Array.from({ length: 40 }, (_, k) => SPAN + k);
      assertEquals(values.sort((a, b) => a - b), wanted);
      assert(one + two > 0, "nothing was moved");
    });
  });
}
