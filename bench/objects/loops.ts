/**
 * The loops of objects, and of the collector: what `objects.c` does through the
 * API of CPython.
 *
 * The loops are written out, because one loop for all would be compiled for
 * all, and have the objects of the heap as a constant of their module, as a
 * program has that opens one heap. Before they are measured, objects of all
 * types are made and dropped, so that the engine knows that there is more than
 * one.
 *
 * @module
 */

import { type Build, createHeap } from "../../mod.ts";
import { objectsOf } from "../../src/gc/mod.ts";
import {
  Bool,
  Bytes,
  Complex,
  Dict,
  Float,
  List,
  Long,
  None,
  Sets,
  Tuple,
  Unicode,
} from "../../src/objects/mod.ts";

/** Turns of a loop in a slice. Count. */
export const TURNS = 20_000;
/** Keys of the dict, items of the list. Count. */
const KEYS = 1024;
/** Objects of the heap that is collected. Count. */
const LIVE = 1_000_000;
/** Collections; the fastest counts. */
const COLLECTIONS = 5;

/** Which heap: told by the program, before this module is loaded. */
const build = Deno.args[0] as Build;
const heap = createHeap({ build, maxBytes: 1024 * 1024 * 1024 });
const opened = objectsOf(heap.core);
if (opened === null) throw new Error("Cannot open the objects of a new heap");
const { objects: o, gc } = opened;
const { obj } = heap.core;
const word = new Int32Array(new SharedArrayBuffer(4));

const [none, yes] = [None.none(o), Bool.fromBoolean(o, true)];
const kept = Float.fromNumber(o, 1.5);
const list = List.create(o);
const dict = Dict.create(o);
const keys = new Uint32Array(KEYS);

/** Objects of all types, made and dropped. */
function mix(): void {
  for (let k = 0; k < TURNS; k++) {
    const items = [
      Float.fromNumber(o, k + 0.5),
      Long.fromNumber(o, k + 1000),
      Complex.fromNumbers(o, k, 1),
      Unicode.fromString(o, "mixed"),
      Bytes.fromUint8Array(o, new Uint8Array(3)),
    ];
    const tuple = Tuple.fromArray(o, items);
    const set = Sets.fromArray(o, items);
    for (const item of [...items, tuple, set]) o.decref(item);
  }
}

/** Fills what the loops read. */
function fill(): void {
  mix();
  gc.disable();
  obj.malloc(16); // so that no pool becomes empty
  for (let k = 0; k < KEYS; k++) {
    keys[k] = Unicode.intern(o, Unicode.fromString(o, `key${k}`));
    Dict.setItem(o, dict, keys[k], kept);
    List.append(o, list, kept);
  }
}

/** What is done in a turn, so many times. */
export const LOOPS: Readonly<Record<string, (turns: number) => void>> = {
  "nothing: the loop"(turns) {
    let sum = 0;
    for (let k = 0; k < turns; k++) sum ^= k;
    if (sum < 0) throw new Error("Cannot be");
  },
  "malloc and free, 16 bytes"(turns) {
    for (let k = 0; k < turns; k++) obj.free(obj.malloc(16));
  },
  "incref and decref"(turns) {
    for (let k = 0; k < turns; k++) {
      o.incref(kept);
      o.decref(kept);
    }
  },
  "a float"(turns) {
    for (let k = 0; k < turns; k++) o.decref(Float.fromNumber(o, k + 0.5));
  },
  "an int"(turns) {
    for (let k = 0; k < turns; k++) o.decref(Long.fromNumber(o, k + 1000));
  },
  "a tuple of two"(turns) {
    for (let k = 0; k < turns; k++) o.decref(Tuple.pair(o, none, yes));
  },
  "an append to a list"(turns) {
    const grown = List.create(o);
    for (let k = 0; k < turns; k++) List.append(o, grown, kept);
    o.decref(grown);
  },
  "an item of a list"(turns) {
    for (let k = 0; k < turns; k++) {
      o.decref(List.getItem(o, list, k & (KEYS - 1)));
    }
  },
  "a get of a dict"(turns) {
    for (let k = 0; k < turns; k++) {
      o.decref(Dict.getItem(o, dict, keys[k & (KEYS - 1)]));
    }
  },
  "a set of a dict"(turns) {
    for (let k = 0; k < turns; k++) {
      Dict.setItem(o, dict, keys[k & (KEYS - 1)], kept);
    }
  },
  "an atomic load"(turns) {
    let sum = 0;
    for (let k = 0; k < turns; k++) sum += Atomics.load(word, 0);
    if (sum !== 0) throw new Error("Cannot be");
  },
};

/** Lists of one float each, each in a tuple, all of them in a list. */
function populate(): number {
  const all = List.create(o);
  for (let k = 0; k < LIVE / 2; k++) {
    const one = List.fromArray(o, [kept]);
    const pair = Tuple.pack(o, one);
    List.append(o, all, pair);
    o.decref(one);
    o.decref(pair);
  }
  return all;
}

/** A full collection of that many live objects. Milliseconds, the least. */
export function collection(): number {
  const all = populate();
  let least = Infinity;
  for (let k = 0; k < COLLECTIONS; k++) {
    const start = performance.now();
    gc.collect();
    least = Math.min(least, performance.now() - start);
  }
  o.decref(all);
  return least;
}

fill();
