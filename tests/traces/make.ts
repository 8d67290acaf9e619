/**
 * Makes the two traces of this folder that no program recorded:
 *
 *     deno run -A tests/traces/make.ts
 *
 * Both come from a fixed seed; the same files come out every time. See
 * README.md for what they are good for.
 *
 * @module
 */

import * as PageMap from "../../src/layout/page_map.ts";
import * as Trace from "../../src/tools/trace.ts";

/** Pseudo-random numbers: the same sequence for the same seed. */
class Random {
  #state: number;

  /** A sequence of its own. */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `count` - 1. C: xorshift32 by Marsaglia. */
  below(count: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % count;
  }
}

/** Allocates a block of each size. */
function grow(
  writer: Trace.TraceWriter,
  live: number[],
  domain: number,
  sizes: readonly number[],
): void {
  for (const size of sizes) live.push(writer.malloc(domain, size));
}

/** Frees every `step`th live block from `start` on, oldest first. */
function thin(
  writer: Trace.TraceWriter,
  live: number[],
  start: number,
  step: number,
): number[] {
  return live.filter((id, index) => {
    if (index < start || index % step !== 0) return true;
    writer.free(id);
    return false;
  });
}

/** Frees `count` live blocks in no order. */
function scatter(
  writer: Trace.TraceWriter,
  live: number[],
  random: Random,
  count: number,
): void {
  for (let k = 0; k < count; k++) {
    const at = random.below(live.length);
    writer.free(live[at]);
    live[at] = live[live.length - 1];
    live.pop();
  }
}

/** `count` sizes of two neighbouring classes, in runs that compress well. */
function sizesOf(random: Random, size: number, count: number): number[] {
  const start = random.below(64);
  return Array.from(
    { length: count },
    (_, k) => size - 16 * ((start + k) >>> 6 & 1),
  );
}

/**
 * Arenas come, thin out, go and come again: every case of the rule by which
 * pymalloc orders and frees its arenas.
 */
function waves(
  writer: Trace.TraceWriter,
  domain: number,
  seed: number,
  arenas: number,
): void {
  const random = new Random(seed);
  let live: number[] = [];
  grow(writer, live, domain, sizesOf(random, 512, arenas * 2000));
  live = thin(writer, live, 0, 2);
  scatter(writer, live, random, 300);
  live = thin(writer, live, 20, 1);
  grow(writer, live, domain, sizesOf(random, 480, arenas * 1000));
  live = thin(writer, live, 0, 3);
  scatter(writer, live, random, 300);
  live = thin(writer, live, 0, 5);
  grow(writer, live, domain, sizesOf(random, 512, arenas * 500));
  thin(writer, live, 30, 1);
}

/** Sizes on both sides of every border of the rule for realloc. */
function borders(): number[] {
  const sizes = [0, 1];
  for (let size = 16; size <= 512; size += 16) {
    const quarter = Math.floor(size * 3 / 4);
    sizes.push(quarter, quarter + 1, size, size + 1);
  }
  return [...sizes, 600, 4000, 40000];
}

/** Reallocs from anything to anything, of NULL, and to zero. */
function reallocs(writer: Trace.TraceWriter, domain: number, seed: number) {
  const random = new Random(seed);
  const sizes = borders();
  const live: number[] = [];
  for (const size of sizes) {
    live.push(writer.malloc(domain, size));
    live.push(writer.calloc(domain, size));
    live.push(writer.reallocNull(domain, size));
  }
  for (let k = 0; k < 4000; k++) {
    const id = live[random.below(live.length)];
    writer.realloc(id, sizes[random.below(sizes.length)]);
  }
  scatter(writer, live, random, live.length - 40);
}

function write(writer: Trace.TraceWriter, name: string): void {
  const path = `${import.meta.dirname}/${name}.pmtr.gz`;
  Trace.writeTrace(path, writer.trace(`${name}.pmtr`));
}

if (import.meta.main) {
  const some = new Trace.TraceWriter();
  waves(some, PageMap.OBJ, 20251122, 3);
  waves(some, PageMap.MEM, 1637, 1);
  write(some, "waves");
  const others = new Trace.TraceWriter();
  reallocs(others, PageMap.OBJ, 4711);
  reallocs(others, PageMap.MEM, 815);
  write(others, "reallocs");
}
