/**
 * Damage: one word, or the words of two records, changed on purpose.
 *
 * ## Threads
 *   Writes plainly into a heap that nobody else touches.
 *
 * @module
 */

import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import * as PoolRecord from "../../../src/layout/pool_record.ts";
import type { Memory } from "../../../src/memory/mod.ts";
import type { Build } from "../../../mod.ts";
import { BUILDS } from "../../helpers/heap_fixture.ts";
import { Prng } from "../../helpers/prng.ts";
import { isAsGood } from "./exempt.ts";
import type { Regions } from "./regions.ts";
import { type Shape, SHAPES } from "./shapes.ts";

/** Ways to damage a word. */
const KINDS = [
  "bit flip",
  "small number",
  "random number",
  "word of its kind",
  "self link",
  "other record",
] as const;

/** Everything about one case that follows from its seed and number. */
export interface Case {
  /** Seed of the run. */
  readonly seed: number;
  /** Number of the case. */
  readonly number: number;
  /** Build of the heap. */
  readonly build: Build;
  /** Load of the heap. */
  readonly shape: Shape;
  /** Random numbers for damage and calls. */
  readonly random: Prng;
}

/** What was done to the heap, so that it can be undone. */
export interface Damage {
  /** Region of the word. */
  readonly region: string;
  /** How. */
  readonly kind: string;
  /** The word. Word index. */
  readonly word: number;
  /** Its value before. */
  readonly before: number;
  /** Its value now. */
  readonly after: number;
  /** First words of two records whose words were swapped, or -1. */
  readonly records: readonly [number, number];
}

/** The case of a seed and number. */
export function caseOf(seed: number, number: number): Case {
  const cells = BUILDS.length * SHAPES.length;
  const cell = number % cells;
  return {
    seed,
    number,
    build: BUILDS[cell % BUILDS.length],
    shape: SHAPES[Math.floor(cell / BUILDS.length)],
    random: new Prng(seed, number),
  };
}

/** First word of the record that a word is in, as links name it. */
function selfOf(m: Memory, word: number): number {
  if (word >= Layout.POOLS && word < m.remotes) {
    return word - ((word - Layout.POOLS) % PoolRecord.SIZEOF);
  }
  if (word >= m.remotes && word < m.i32[Header.FIRST_PAGE] << 12) {
    return (word - m.remotes) >> 2; // page numbers link news
  }
  if (word >= Layout.ARENAS && word < Layout.THREADS) return word & -8;
  return word < Layout.POOLS ? word : word << 2; // a block links itself
}

/** Swaps the pool records of two pages. */
function swapRecords(m: Memory, a: number, b: number): void {
  for (let k = 0; k < PoolRecord.SIZEOF; k++) {
    const word = m.i32[a + k];
    m.i32[a + k] = m.i32[b + k];
    m.i32[b + k] = word;
  }
}

/** The pool record of another page. */
function otherRecord(m: Memory, random: Prng, record: number): number {
  const first = Layout.POOLS + m.i32[Header.FIRST_PAGE] * PoolRecord.SIZEOF;
  const pages = m.pages - m.i32[Header.FIRST_PAGE];
  const other = first + random.below(pages) * PoolRecord.SIZEOF;
  return other === record ? first : other;
}

/** A new value for a word. */
function valueOf(
  m: Memory,
  random: Prng,
  kind: string,
  word: number,
  peers: readonly number[],
): number {
  switch (kind) {
    case "bit flip":
      return m.i32[word] ^ (1 << random.below(32));
    case "small number":
      return random.below(64);
    case "random number":
      return random.next() | 0;
    case "word of its kind":
      return m.i32[random.pick(peers)];
    default:
      return selfOf(m, word) | 0;
  }
}

/** Damages a heap; the value of the word is another one afterwards. */
export function damage(m: Memory, regions: Regions, random: Prng): Damage {
  const region = random.pick([...regions.keys()]);
  const words = regions.get(region) ?? [];
  const word = random.pick(words);
  let kind: string = random.pick(KINDS);
  const before = m.i32[word];
  const isRecord = word >= Layout.POOLS && word < m.remotes;
  if (kind === "other record" && isRecord) {
    const a = selfOf(m, word);
    const b = otherRecord(m, random, a);
    swapRecords(m, a, b);
    if (m.i32[word] !== before) {
      const after = m.i32[word];
      return { region, kind, word, before, after, records: [a, b] };
    }
    swapRecords(m, a, b); // as good as the same
  }
  let after = valueOf(m, random, kind, word, words);
  while (after === before || isAsGood(m, region, before, after)) {
    kind = random.pick(["bit flip", "random number"]);
    after = valueOf(m, random, kind, word, words);
  }
  m.i32[word] = after;
  return { region, kind, word, before, after, records: [-1, -1] };
}

/** Undoes the damage, if nothing else has changed since. */
export function repair(m: Memory, { word, before, records }: Damage): void {
  if (records[0] >= 0) swapRecords(m, records[0], records[1]);
  else m.i32[word] = before;
}

/** A line about a damage. */
export function textOf({ build, shape }: Case, done: Damage): string {
  const { region, kind, word, before, after, records } = done;
  const what = records[0] >= 0
    ? `records ${records.join(" and ")} swapped`
    : `word ${word}: ${before} -> ${after}`;
  return `${build}, ${shape}: ${region}, ${kind}, ${what}`;
}
