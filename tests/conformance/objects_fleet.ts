/**
 * Real workers for the tests of objects: they do their tasks while the test's
 * own thread is detached, and then nothing may be left.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Build, Heap } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { assertSound, liveBlocks } from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import type { Job } from "./objects_job.ts";

const WORKER = new URL("objects_worker.ts", import.meta.url);

/** A task of each worker, and what it is about. */
export type Task = readonly [name: string, op: number, rounds: number];

/** What a test does with workers. */
export interface Scene {
  /** The heap, attached. */
  readonly heap: Heap;
  /** Runs a task in each worker. Returns what they return. */
  run<T>(...tasks: readonly Task[]): Promise<T[]>;
}

/** Starts workers and a runtime; claims at the end that no object is left. */
export async function withWorkers(
  build: Build,
  count: number,
  test: (scene: Scene) => Promise<void>,
  isStrict = true,
): Promise<void> {
  await using fleet = await Fleet.start(WORKER, count);
  const heap = C.Py_Initialize({ build, maxBytes: 64 * 1024 * 1024 });
  try {
    await test({ heap, run: (...tasks) => runAll(fleet, heap, tasks) });
    heap.threads.safePoint();
    const { gc, objects } = objectsOf(heap.core)!;
    gc.collect();
    FreeLists.clear(objects);
    if (isStrict) assertEquals(liveBlocks(heap, "obj"), 0, "objects are left");
    assertSound(heap);
  } finally {
    C.Py_FinalizeEx();
  }
}

/** Control word at which the workers meet; a new meeting each time. */
const START = 1;

async function runAll<T>(
  fleet: Fleet,
  heap: Heap,
  tasks: readonly Task[],
): Promise<T[]> {
  Atomics.store(fleet.control, START, 0);
  heap.threads.detach();
  try {
    return await Promise.all(tasks.map(([name, op, rounds], me) => {
      const job: Job = {
        handle: heap.handle,
        me,
        workers: tasks.length,
        op,
        rounds,
      };
      return fleet.ask<T>(me, name, job);
    }));
  } finally {
    heap.threads.attach();
  }
}
