/** Real workers: one table of interned strings, one count of references. */

import { assertEquals } from "@std/assert";
import { type Build, createHeap } from "../../mod.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import { make, openObjects } from "./objects_fixture.ts";
import type { Task } from "./objects_worker.ts";

const WORKER = new URL("./objects_worker.ts", import.meta.url);
const WORKERS = 3;
const NAMES = 3000;
const OBJECTS = 4000;

/** Has all workers do a task at once. */
function ask<R>(
  fleet: Fleet,
  name: string,
  task: Omit<Task, "index" | "count">,
  drops: readonly (readonly number[])[] = [],
): Promise<R[]> {
  return Promise.all(
    Array.from({ length: WORKERS }, (_, index) =>
      fleet.ask<R>(index, name, {
        ...task,
        index,
        count: WORKERS,
        drops: drops[index] ?? [],
      })),
  );
}

/** What of a task is the same for all. */
function common(
  heap: { readonly handle: Task["handle"] },
  size: number,
  shared = 0,
): Omit<Task, "index" | "count"> {
  return { handle: heap.handle, size, shared, drops: [] };
}

async function internAtOnce(build: Build): Promise<void> {
  using heap = createHeap({ build, maxBytes: 32 * 1024 * 1024 });
  heap.threads.detach();
  await using fleet = await Fleet.start(WORKER, WORKERS);
  const all = await ask<number[]>(fleet, "intern", common(heap, NAMES));
  heap.threads.attach();
  for (const found of all) assertEquals(found, all[0]);
  assertEquals(new Set(all[0]).size, NAMES + 1);
  assertEquals(liveBlocks(heap, "obj"), build === "gil" ? 0 : NAMES);
  assertSound(heap);
}

async function countAtOnce(build: Build): Promise<void> {
  using heap = createHeap({ build, maxBytes: 32 * 1024 * 1024 });
  const o = openObjects(heap);
  const shared = make(o, ["all know me"]);
  heap.threads.detach();
  await using fleet = await Fleet.start(WORKER, WORKERS);
  const task = common(heap, OBJECTS, shared);
  const made = await ask<number[]>(fleet, "count", task);
  heap.threads.attach();
  assertEquals(o.refcnt(shared), 1 + WORKERS * OBJECTS / 2);
  heap.threads.detach();
  // Each drops what another one has made.
  await ask(fleet, "drop", task, [...made.slice(1), made[0]]);
  heap.threads.attach();
  o.mergeOwn();
  assertEquals(o.refcnt(shared), 1);
  o.decref(shared);
  FreeLists.clear(o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

for (const build of BUILDS) {
  Deno.test(`workers intern the same strings (${build})`, async () => {
    await internAtOnce(build);
  });

  Deno.test(`workers count one object (${build})`, async () => {
    await countAtOnce(build);
  });
}
