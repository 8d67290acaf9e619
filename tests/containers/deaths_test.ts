/**
 * Workers that are killed while they change a list and count references: others
 * go on, nobody sees an object that is none of the list's, and little is lost.
 */

import { Worker as NodeWorker } from "node:worker_threads";
import { assert, assertEquals } from "@std/assert";
import { type Build, createHeap, type Heap } from "../../mod.ts";
import { Core } from "../../src/domains/mod.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import {
  Float,
  FreeLists,
  List,
  Long,
  type Objects,
  open,
} from "../../src/objects/mod.ts";
import { Brc } from "../../src/objects/refcount/mod.ts";
import { Recovery } from "../../src/recovery/mod.ts";
import { CriticalSection, Sections } from "../../src/threads/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { openObjects } from "../objects/objects_fixture.ts";
import {
  ENDED,
  ID,
  LEAST,
  MOST,
  OPS,
  type Part,
  STOP,
} from "./deaths_ledger.ts";

const WORKER = new URL("deaths_worker.ts", import.meta.url);
/** Workers that are killed, one after the other. Count. */
const DEATHS = 6;
/** Most operations of a worker before it is killed. Count. */
const FUSE_MAX = 3000;
/** Operations that the others must do afterwards. Count. */
const AFTER = 200;
/** Time for anything that must happen. Milliseconds. */
const PATIENCE_MS = 20000;
/** Blocks that a death may cost: what is in free lists, and in hand. Count. */
const COST = FreeLists.NUMBERS_MAX + 8;

/** A worker with its ledger. */
class Member {
  readonly ledger = new Int32Array(new SharedArrayBuffer(16));
  readonly #worker: NodeWorker;
  #error = "";

  constructor(part: Omit<Part, "ledger">) {
    const workerData: Part = { ...part, ledger: this.ledger };
    this.#worker = new NodeWorker(WORKER, { workerData });
    this.#worker.on("error", (error: Error) => this.#error = error.message);
  }

  /** Waits until a word of the ledger is at least `least`. */
  async until(at: number, least: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (Atomics.load(this.ledger, at) < least) {
      if (this.#error !== "") throw new Error(`A worker: ${this.#error}`);
      if (performance.now() > deadline) {
        throw new Error(`Word ${at} of a ledger is not ${least} in time`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Ends the worker, wherever it is. A Web Worker would go on. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Recovers a worker that was killed. */
async function recover(heap: Heap, id: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (true) {
    const reports = await heap.reap();
    if (reports.some((report) => report.id === id)) return;
    if (performance.now() > deadline) {
      throw new Error(`Worker ${id} is not recovered in time`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lets one work, kills it, and sees that another one goes on. */
async function killOne(
  heap: Heap,
  survivor: Member,
  part: Omit<Part, "ledger">,
  fuse: number,
): Promise<void> {
  const victim = new Member(part);
  await victim.until(OPS, fuse);
  await victim.kill();
  await recover(heap, victim.ledger[ID]);
  const before = Atomics.load(survivor.ledger, OPS);
  await survivor.until(OPS, before + AFTER);
}

/** Claims that all that is in the list is an item, and drops it. */
function assertItems(o: Objects, list: number): void {
  const length = List.length(o, list);
  for (let k = 0; k < length; k++) {
    const item = List.getItem(o, list, k);
    const value = Long.toNumber(o, item);
    assert(value >= LEAST && value < MOST, `item ${k} is ${value}`);
    o.decref(item);
  }
  List.clear(o, list);
}

async function killMany(build: Build, seed: number): Promise<void> {
  using heap = createHeap({ build, maxBytes: 32 * 1024 * 1024 });
  const o = openObjects(heap);
  const list = List.create(o);
  const object = Float.fromNumber(o, 0.5);
  const random = new Prng(seed);
  heap.threads.detach();
  const part = { handle: heap.handle, list, object, seed };
  const survivor = new Member(part);
  for (let k = 1; k <= DEATHS; k++) {
    const fuse = 1 + random.below(FUSE_MAX);
    await killOne(heap, survivor, { ...part, seed: seed + k }, fuse);
  }
  Atomics.store(survivor.ledger, STOP, 1);
  await survivor.until(ENDED, 1);
  await survivor.kill();
  heap.threads.attach();
  heap.threads.safePoint();
  assertItems(o, list);
  const extra = o.refcnt(object) - 1;
  assert(extra >= 0 && extra <= DEATHS, `${extra} references too many`);
  for (let k = 0; k <= extra; k++) o.decref(object);
  o.decref(list);
  FreeLists.clear(o);
  const lost = liveBlocks(heap, "obj");
  assert(lost <= DEATHS * COST, `${lost} objects are lost`);
  assertSound(heap);
}

for (const build of BUILDS) {
  Deno.test(`workers are killed while they change a list (${build})`, async () => {
    await killMany(build, 7);
  });
}

/** Another attached thread state, as another worker would have it. */
function join(heap: Heap): Core.Core {
  const { m } = heap.core;
  const core = Core.join(m.buffer, m.clock);
  core.attach();
  return core;
}

/** Its objects. */
function objectsOf(core: Core.Core): Objects {
  const o = open(core);
  if (o === null) throw new Error("Cannot open the objects of a heap");
  return o;
}

/** A heap, and another worker that owns a list and an item of it. */
function withOther(
  test: (heap: Heap, o: Objects, other: Core.Core, list: number) => void,
): void {
  using heap = createHeap({ build: "free-threaded", maxBytes: 8 << 20 });
  const o = openObjects(heap);
  const other = join(heap);
  const its = objectsOf(other);
  const list = List.create(its);
  const item = Long.fromNumber(its, LEAST);
  List.append(its, list, item);
  its.decref(item);
  test(heap, o, other, list);
  FreeLists.clear(o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

Deno.test("who recovers an owner merges what is in its queue", () => {
  withOther((heap, o, other, list) => {
    o.decref(list); // into the queue of the other one
    assertEquals(o.refcnt(list), 1);
    heap.revoke(other.m.owner, { dead: true });
    assertEquals(o.refcnt(list), 1);
    heap.threads.safePoint();
  });
});

Deno.test("the next one in its slot merges what is in the queue of the dead", () => {
  withOther((heap, o, other, list) => {
    o.decref(list);
    const { slot, owner } = other.m;
    // A worker that knows of no objects recovers it.
    const third = join(heap);
    Recovery.declare(third.m, owner, ThreadState.DEAD);
    Recovery.recover(third.m, owner);
    assert(Brc.hasEntries(o.m, slot) && Brc.isClosed(o.m, slot));
    const next = join(heap);
    assertEquals(next.m.slot, slot);
    const its = objectsOf(next);
    assert(!Brc.hasEntries(o.m, slot) && !Brc.isClosed(o.m, slot));
    FreeLists.clear(its);
    for (const one of [third, next]) one.close();
  });
});

Deno.test("what its dead owner shared dies by its last reference", () => {
  withOther((heap, o, other, list) => {
    heap.revoke(other.m.owner, { dead: true });
    o.decref(list);
  });
});

Deno.test("mutexes of the dead are given back by who recovers it", () => {
  withOther((heap, o, other, list) => {
    const at = (list >>> 2) + PyObject.X_OB_MUTEX;
    CriticalSection.begin(other.m, at);
    assert(o.i32[at] !== 0);
    heap.revoke(other.m.owner, { dead: true });
    assertEquals(o.i32[at], 0);
    o.decref(list);
  });
});

Deno.test("a mutex that was noted and belongs to another one is left alone", () => {
  withOther((heap, o, other, list) => {
    const at = (list >>> 2) + PyObject.X_OB_MUTEX;
    const { m } = other;
    // As if it had died just before it took the mutex.
    o.i32[Sections.at(m, 0)] = at | Sections.PENDING;
    CriticalSection.begin(o.m, at);
    const word = o.i32[at];
    heap.revoke(other.m.owner, { dead: true });
    assertEquals(o.i32[at], word);
    CriticalSection.end(o.m);
    assertEquals(o.i32[at], 0);
    o.decref(list);
  });
});
