/**
 * Live heaps of several shapes, for damage to be done to.
 *
 * All workers of a shape are thread states of one real worker, which attaches
 * one at a time, so that a shape is the same words each time it is built.
 *
 * ## Threads
 *   The heap is known to its builder alone; nobody else touches its words.
 *
 * @module
 */

import { type Build, Heap } from "../../../mod.ts";
import { Core } from "../../../src/domains/mod.ts";
import * as Header from "../../../src/layout/header.ts";
import type { Clock } from "../../../src/memory/mod.ts";
import { BUILDS, type Domain, DOMAINS } from "../../helpers/heap_fixture.ts";
import { Prng } from "../../helpers/prng.ts";

/** A live block of a shape. */
export interface Block {
  /** Byte address. */
  readonly at: number;
  /** Where it came from. */
  readonly domain: Domain;
  /** What was asked for. Bytes. */
  readonly nbytes: number;
}

/** A heap with a load, and one attached thread state. */
export interface Loaded {
  /** The heap, attached. */
  readonly heap: Heap;
  /** Its live blocks, of whichever thread state. */
  readonly blocks: Block[];
  /** Thread states of the heap that are detached. */
  readonly guests: readonly Heap[];
}

/** Names of the shapes. */
export const SHAPES = ["young", "alone", "left", "shared"] as const;
/** Name of a shape. */
export type Shape = typeof SHAPES[number];

/** Size of each heap. Bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * A clock on which each look costs 50 ms more than it takes, so that what
 * waits for ten seconds waits for 200 looks at most.
 */
function impatientClock(): Clock {
  let looks = 0;
  return { now: () => performance.now() + 50 * ++looks };
}

/** A size: most are small, some medium, some large, a few 0. Bytes. */
function sizeOf(random: Prng): number {
  const dice = random.below(100);
  if (dice < 3) return 0;
  if (dice < 75) return 1 + random.below(512);
  return dice < 95
    ? random.logarithmic(513, 32768)
    : random.logarithmic(32769, 120000);
}

/** Calls `malloc` of a domain, by its name. */
export function mallocIn(heap: Heap, domain: Domain, nbytes: number): number {
  return heap[domain].malloc(nbytes);
}

/** Calls `free` of a domain, by its name. */
export function freeIn(heap: Heap, domain: Domain, block: number): void {
  // The brand is for callers that know their domain when they are compiled.
  (heap[domain] as { free(block: number): void }).free(block);
}

/** Allocates `count` blocks. */
function grow(loaded: Loaded, heap: Heap, random: Prng, count: number): void {
  for (let k = 0; k < count; k++) {
    const domain = random.pick(DOMAINS);
    const nbytes = sizeOf(random);
    loaded.blocks.push({ at: mallocIn(heap, domain, nbytes), domain, nbytes });
  }
}

/** A burst of equal blocks, so that some pools are full. */
function burst(loaded: Loaded, heap: Heap, nbytes: number, count: number) {
  for (const domain of DOMAINS) {
    for (let k = 0; k < count; k++) {
      const at = mallocIn(heap, domain, nbytes);
      loaded.blocks.push({ at, domain, nbytes });
    }
  }
}

/** Frees `percent` of the blocks. */
function thin(loaded: Loaded, heap: Heap, random: Prng, percent: number): void {
  const kept = loaded.blocks.filter(({ at, domain }) => {
    if (!random.chance(percent)) return true;
    freeIn(heap, domain, at);
    return false;
  });
  loaded.blocks.splice(0, loaded.blocks.length, ...kept);
}

/** Work of one more thread state, which then exits or stays detached. */
function visit(loaded: Loaded, random: Prng, stays: boolean): Heap {
  const { heap } = loaded;
  heap.threads.detach();
  const guest = new Heap(Core.join(heap.buffer, impatientClock()));
  burst(loaded, guest, 240, 90);
  grow(loaded, guest, random, 60);
  thin(loaded, guest, random, 20);
  if (stays) guest.threads.detach();
  else guest.close();
  heap.threads.attach();
  return guest;
}

/** One thread state: used, full and empty pools, spans, large blocks. */
function loadAlone(loaded: Loaded, random: Prng): void {
  grow(loaded, loaded.heap, random, 160);
  burst(loaded, loaded.heap, 480, 100);
  thin(loaded, loaded.heap, random, 30);
  burst(loaded, loaded.heap, 512, 40);
  // The last ones become empty pools, quarantined ones among them.
  const end = loaded.blocks.length - 60;
  for (const { at, domain } of loaded.blocks.splice(end)) {
    freeIn(loaded.heap, domain, at);
  }
}

/** Builds a shape. The same arguments give the same words. */
export function load(build: Build, shape: Shape, seed: number): Loaded {
  const number = build === "gil"
    ? Header.BUILD_GIL
    : Header.BUILD_FREE_THREADED;
  const heap = new Heap(Core.create(number, MAX_BYTES, impatientClock()));
  const guests: Heap[] = [];
  const loaded = { heap, blocks: [], guests };
  const random = new Prng(seed, BUILDS.indexOf(build), SHAPES.indexOf(shape));
  if (shape === "young") {
    grow(loaded, heap, random, 12);
    return loaded;
  }
  loadAlone(loaded, random);
  if (shape === "alone") return loaded;
  visit(loaded, random, false);
  if (shape === "shared") guests.push(visit(loaded, random, true));
  thin(loaded, heap, random, 15); // remote stacks, news, orphans with news
  return loaded;
}
