/**
 * Planted bugs: each makes the library look broken in one way that the torture
 * of objects must find, or nobody could trust a run that finds nothing.
 *
 * | canary | what is broken | build | what must be found |
 * |---|---|---|---|
 * | `no-wait` | old arrays do not wait for their readers | free-threaded | `error`, or almost any |
 * | `torn-decref` | a shared count is read, then written | both | `wrong-count`, `recycled` |
 * | `skipped-merge` | an object is taken from a queue and not merged | free-threaded | `lost-object` |
 * | `double-drop` | a reference is dropped twice | both | `recycled`, `wrong-count` |
 * | `lost-drop` | a reference is never dropped | both | `wrong-count`, `lost-object` |
 * | `stuck` | a step does not end | both | `hang` |
 *
 * They are planted from outside: in the functions of the worker's own objects
 * and heap, and in its `Atomics`.
 *
 * ## Threads
 *   Of one worker; only worker 0 is `stuck`.
 *
 * @module
 */

import * as FreeThreaded from "../../layout/object_free_threaded.ts";
import * as DictObject from "../../layout/dict_object.ts";
import * as ListObject from "../../layout/list_object.ts";
import * as MergeEntry from "../../layout/merge_entry.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as QsbrShared from "../../layout/qsbr.ts";
import { MemDelayed, type Objects } from "../../objects/mod.ts";
import { Brc } from "../../objects/refcount/mod.ts";
import type { Heap } from "../stress/heap.ts";
import type { Containers } from "./places.ts";

/** Names of the planted bugs. */
export const CANARIES = [
  "no-wait",
  "torn-decref",
  "skipped-merge",
  "double-drop",
  "lost-drop",
  "stuck",
] as const;

/** Name of a planted bug. */
export type Canary = typeof CANARIES[number];

/** Those that only the free-threaded build can have. */
export const FREE_THREADED_ONLY: readonly Canary[] = [
  "no-wait",
  "skipped-merge",
];

/** A worker in which a bug is planted. */
interface Host {
  readonly o: Objects;
  readonly heap: Heap;
  readonly order: {
    readonly worker: number;
    readonly containers: Containers;
  };
}

const { OB_TID, OB_REF_LOCAL, X_OB_REF_SHARED, SHARED_SHIFT } = FreeThreaded;
const WR_SEQ = Layout.QSBR + QsbrShared.X_WR_SEQ;
const RD_SEQ = Layout.QSBR + QsbrShared.X_RD_SEQ;
/** What a freed block is full of. */
const DEAD = 0xdddddddd | 0;
/** Calls that go well before one that does not. Count. */
const PATIENCE = 64;

/** Reads of a table between two that take long. Count. */
const LATE_EVERY = 8;

/** A counter that strikes each so many calls. */
class Fuse {
  readonly #patience: number;
  #burnt = 0;

  constructor(patience: number = PATIENCE) {
    this.#patience = patience;
  }

  strikes(): boolean {
    return ++this.#burnt % this.#patience === 0;
  }
}

/** A word that nobody changes. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Lets others go on for a while. */
function dawdle(): void {
  Atomics.wait(never, 0, 0, 1);
}

/** Plants a bug in a worker that has just attached. */
export function plant(canary: Canary | undefined, host: Host): void {
  switch (canary) {
    case "no-wait":
      return plantNoWait(host);
    case "torn-decref":
      return plantTornDecref(host);
    case "skipped-merge":
      return plantSkippedMerge(host.o);
    case "double-drop":
      return plantCount(host.o, 2);
    case "lost-drop":
      return plantCount(host.o, 0);
    case "stuck":
      if (host.order.worker === 0) plantStuck(host.o);
  }
}

/** `Atomics.load` as it was, whatever becomes of it in this worker. */
const load: typeof Atomics.load = Reflect.get(Atomics, "load");

/**
 * Says of each sequence that all have seen it; who has read where a shared table
 * stands takes his time at times.
 */
function loadEarly({ o, order }: Host): typeof Atomics.load {
  const { i32 } = o.m;
  const { lists, dicts } = order.containers;
  const tables = new Set([
    ...lists.map((op) => o.fields(op) + ListObject.OB_ITEM),
    ...dicts.map((op) => o.fields(op) + DictObject.MA_KEYS),
  ]);
  const fuse = new Fuse(LATE_EVERY);
  function early(words: Int32Array, at: number): number {
    if (words !== i32) return load(words, at);
    const value = load(words, at === RD_SEQ ? WR_SEQ : at);
    if (tables.has(at) && fuse.strikes()) dawdle();
    return value;
  }
  return early as typeof Atomics.load;
}

/**
 * Whoever waits for readers sees that there are none, and what waited is freed
 * at once and painted.
 */
function plantNoWait(host: Host): void {
  const { o } = host;
  const { mem } = o.core;
  Atomics.load = loadEarly(host);
  const decref = o.decref.bind(o);
  o.decref = (op) => {
    decref(op);
    MemDelayed.process(o);
  };
  const free = mem.free.bind(mem);
  mem.free = (block) => {
    if (block === 0) return;
    const end = (block >>> 2) + (mem.sizeOf(block) >>> 2);
    for (let at = block >>> 2; at < end; at++) o.i32[at] = DEAD;
    free(block);
  };
}

/** Reads a count, lets others change it, writes it. */
function plantTornDecref({ o, heap }: Host): void {
  const fuse = new Fuse();
  const decref = o.decref.bind(o);
  o.decref = (op) => {
    const isTorn = fuse.strikes() &&
      (o.isBiased ? decrefTornBiased(o, op) : decrefTorn(o, heap, op));
    if (!isTorn) decref(op);
  };
}

/** The GIL is given up in between. False if that cannot be. */
function decrefTorn(o: Objects, heap: Heap, op: number): boolean {
  const count = o.i32[op >>> 2];
  if (count <= 1) return false;
  heap.threads.detach();
  dawdle();
  heap.threads.attach();
  o.i32[op >>> 2] = count - 1;
  return true;
}

/** The shared part is no one word for a moment. False if that cannot be. */
function decrefTornBiased(o: Objects, op: number): boolean {
  const at = op >>> 2;
  const isOwn = o.i32[at + OB_TID] === o.tid;
  const shared = load(o.i32, at + X_OB_REF_SHARED);
  const isImmortal = o.i32[at + OB_REF_LOCAL] === FreeThreaded.IMMORTAL_LOCAL;
  if (isOwn || isImmortal || shared >> SHARED_SHIFT <= 1) return false;
  dawdle();
  o.i32[at + X_OB_REF_SHARED] = shared - (1 << SHARED_SHIFT);
  return true;
}

/** Takes the first object out of the queue, and merges the others. */
function plantSkippedMerge(o: Objects): void {
  const merge = o.mergeOwn.bind(o);
  o.mergeOwn = () => {
    const entry = Brc.take(o.m, o.m.slot);
    if (entry !== 0) {
      o.i32[(entry >>> 2) + MergeEntry.OBJECT] = 0;
      o.core.raw.free(entry as never);
    }
    merge();
  };
}

/** Drops a reference so many times. */
function plantCount(o: Objects, times: number): void {
  const fuse = new Fuse();
  const decref = o.decref.bind(o);
  o.decref = (op) => {
    const count = fuse.strikes() ? times : 1;
    for (let k = 0; k < count; k++) decref(op);
  };
}

/** Stays in an incref for ever. */
function plantStuck(o: Objects): void {
  o.incref = () => {
    while (true) Atomics.wait(never, 0, 0, 1000);
  };
}
