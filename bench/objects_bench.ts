/**
 * What does an object cost beside its memory?
 *
 *     deno run -A bench/objects_bench.ts [gil|free-threaded] [ROUNDS]
 *
 * A float, an int and a tuple of two are made and dropped, all from free lists,
 * a reference is taken and dropped, and a list is read, appended to and grown,
 * beside a malloc and free of the same process. Growing counts one append with
 * its share of new arrays, and of the list's end. The loops are written out, because one loop for all would be
 * compiled for all. Before they are measured, objects of all types are made and
 * dropped, so that the engine knows that there is more than one.
 *
 * Each round runs a slice of every loop; of each the fastest slice counts,
 * which is what is left where other programs use the machine. The first row
 * does nothing, the last is known to be slow: an atomic operation.
 *
 * Not shown: objects that do not come from free lists, other workers.
 *
 * @module
 */

import { type Build, createHeap } from "../mod.ts";
import {
  Bool,
  Bytes,
  Complex,
  Float,
  List,
  Long,
  None,
  type Objects,
  open,
  Tuple,
  Unicode,
} from "../src/objects/mod.ts";

/** Turns of a loop in a slice. Count. */
const TURNS = 19_200;
/** Items that a list grows to; TURNS is a multiple of it. Count. */
const APPENDED = 64;
/** Slices of each loop. Count. */
const ROUNDS = Number(Deno.args[1] ?? 300);

/** A loop of so many turns. */
interface Loop {
  readonly name: string;
  run(turns: number): void;
}

/** Objects of all types, made and dropped. */
function mix(o: Objects): void {
  for (let k = 0; k < TURNS; k++) {
    const items = [
      Float.fromNumber(o, k + 0.5),
      Long.fromNumber(o, k + 1000),
      Complex.fromNumbers(o, k, 1),
      Unicode.fromString(o, "mixed"),
      Bytes.fromUint8Array(o, new Uint8Array(3)),
    ];
    const tuple = Tuple.fromArray(o, items);
    for (const item of items) o.decref(item);
    o.decref(tuple);
  }
}

/** The loops of lists. */
function loopsOfLists(o: Objects): Loop[] {
  const kept = Float.fromNumber(o, 2.5);
  const list = List.fromArray(o, Array<number>(8).fill(kept));
  return [
    {
      name: "an item of a list",
      run(turns) {
        for (let k = 0; k < turns; k++) o.decref(List.getItem(o, list, k & 7));
      },
    },
    {
      name: "append to a list, 64 each",
      run(turns) {
        for (let k = 0; k < turns; k += APPENDED) {
          const grown = List.create(o);
          for (let n = 0; n < APPENDED; n++) List.append(o, grown, kept);
          o.decref(grown);
        }
      },
    },
    {
      name: "append and pop",
      run(turns) {
        for (let k = 0; k < turns; k++) {
          List.append(o, list, kept);
          o.decref(List.pop(o, list));
        }
      },
    },
  ];
}

/** The loops on a heap of a build. */
function loopsOf(build: Build): Loop[] {
  const heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  const o = open(heap.core);
  if (o === null) throw new Error("Cannot open the objects of a new heap");
  mix(o);
  const { obj } = heap.core;
  obj.malloc(16); // so that no pool becomes empty
  const [none, yes] = [None.none(o), Bool.fromBoolean(o, true)];
  const kept = Float.fromNumber(o, 1.5);
  const word = new Int32Array(new SharedArrayBuffer(4));
  return [
    {
      name: "nothing: the loop",
      run(turns) {
        let sum = 0;
        for (let k = 0; k < turns; k++) sum ^= k;
        if (sum < 0) throw new Error("Cannot be");
      },
    },
    {
      name: "malloc and free, 16 bytes",
      run(turns) {
        for (let k = 0; k < turns; k++) obj.free(obj.malloc(16));
      },
    },
    {
      name: "incref and decref",
      run(turns) {
        for (let k = 0; k < turns; k++) {
          o.incref(kept);
          o.decref(kept);
        }
      },
    },
    {
      name: "a float",
      run(turns) {
        for (let k = 0; k < turns; k++) o.decref(Float.fromNumber(o, k + 0.5));
      },
    },
    {
      name: "an int",
      run(turns) {
        for (let k = 0; k < turns; k++) o.decref(Long.fromNumber(o, k + 1000));
      },
    },
    {
      name: "a tuple of two",
      run(turns) {
        for (let k = 0; k < turns; k++) o.decref(Tuple.pair(o, none, yes));
      },
    },
    ...loopsOfLists(o),
    {
      name: "an atomic load",
      run(turns) {
        let sum = 0;
        for (let k = 0; k < turns; k++) sum += Atomics.load(word, 0);
        if (sum !== 0) throw new Error("Cannot be");
      },
    },
  ];
}

/** Fastest slice of each loop. Nanoseconds a turn. */
function measure(loops: readonly Loop[]): number[] {
  const best = loops.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (let k = 0; k < loops.length; k++) {
      const start = performance.now();
      loops[k].run(TURNS);
      const ns = (performance.now() - start) / TURNS * 1e6;
      best[k] = Math.min(best[k], ns);
    }
  }
  return best;
}

const build = Deno.args[0] === "free-threaded" ? "free-threaded" : "gil";
const loops = loopsOf(build);
const best = measure(loops);
console.log(`${build}, ns a turn, and times a malloc and free`);
for (let k = 0; k < loops.length; k++) {
  const times = (best[k] / best[1]).toFixed(2);
  console.log(
    `${loops[k].name.padEnd(28)}${best[k].toFixed(2).padStart(8)}` +
      times.padStart(8),
  );
}
