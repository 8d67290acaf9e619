/**
 * What a program asks for: sizes, domains and ways to allocate.
 *
 * ```text
 *   2 %     0 bytes
 *   2 %     exactly at a border between two size classes or engines
 *   84.7 %  1 … 512 bytes, small ones more often
 *   11 %    513 bytes … 32 KiB, each doubling as often as the next
 *   0.3 %   32 KiB … 4 MiB, likewise
 * ```
 *
 * The skew is that of real programs: most blocks are small, most bytes are in
 * few blocks. It also keeps the cost of the patterns bearable, which is about
 * 3.5 KiB written and read for each block.
 *
 * ## Threads
 *   Pure functions of a worker's own stream.
 *
 * @module
 */

import type { Random } from "./random.ts";

/** Largest request. Bytes. */
export const MAX_SIZE = 4194304;

/** Domain number of RAW, as in CPython. */
export const RAW = 0;
/** Domain number of MEM, as in CPython. */
export const MEM = 1;
/** Domain number of OBJ, as in CPython. */
export const OBJ = 2;
/** Names of the domains, by number. */
export const DOMAINS: readonly string[] = ["raw", "mem", "obj"];

const SMALL = 512;
const MEDIUM = 32768;
/** Last size of one way to serve a request, or first of the next. */
const BORDERS: readonly number[] = [
  1, // smallest
  15, // below, at and above the smallest class
  16,
  17,
  496, // the last two small classes
  497,
  SMALL, // small and medium
  SMALL + 1,
  640, // first medium class
  641,
  16383, // a page
  16384,
  16385,
  MEDIUM, // medium and large
  MEDIUM + 1,
];

/** A size of 0 … {@linkcode MAX_SIZE} bytes. */
export function drawSize(random: Random): number {
  const share = random.below(1000);
  const detail = random.below(SMALL);
  if (share < 20) return 0;
  if (share < 40) return BORDERS[random.below(BORDERS.length)];
  if (share < 887) return 1 + Math.min(detail, random.below(SMALL));
  if (share < 997) return random.logarithmic(SMALL + 1, MEDIUM);
  return random.logarithmic(MEDIUM + 1, MAX_SIZE);
}

/** What a block of `size` bytes shall become: near to it, or anything. */
export function drawNewSize(random: Random, size: number): number {
  const share = random.next() * 2 ** -32;
  const fresh = drawSize(random);
  if (random.chance(40)) return fresh;
  return Math.min(MAX_SIZE, Math.floor(size * (0.5 + 1.5 * share)));
}

/** A domain number; RAW a little less often than the others. */
export function drawDomain(random: Random): number {
  const share = random.below(100);
  if (share < 28) return RAW;
  return share < 64 ? MEM : OBJ;
}
