/**
 * Small heaps as stages, and a hand that allocates and frees on them.
 *
 * The words that schedules change are those of the tables in front of the
 * first page. What stands in pages is not put back: a pool that is carved anew
 * writes its links anew.
 *
 * ## Threads
 *   A heap belongs to the scenario. A hand belongs to its worker; the marks in
 *   its blocks are plain words that go with the block.
 *
 * @module
 */

import { checkCore } from "../../../src/check/mod.ts";
import { Core } from "../../../src/domains/mod.ts";
import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import * as ThreadState from "../../../src/layout/thread_state.ts";
import { type Clock, Create, type Memory } from "../../../src/memory/mod.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../../../src/memory/pointers.ts";
import type { Random } from "../../../src/tools/stress/random.ts";
import type { Ranges } from "./image.ts";
import { claim, type Words } from "./scenario.ts";

/** Slots that scenarios use at most, NOBODY and the GIL among them. Count. */
const SLOTS = 10;
/** News words of a slot. Count. */
const NEWS_OF_SLOT = (Layout.PAGE_MAP - Layout.NEWS) / 256;
/** Size of the heaps. Bytes. */
const HEAP_BYTES = 2 * Layout.MIN_BYTES;
/** Sizes that hands ask for. Bytes. */
const SIZES = [16, 16, 48, 48, 512, 600, 5000];
/** Domains of blocks, in the low bits of a ticket. */
const [RAW, MEM, OBJ] = [0, 1, 2];

/** Free-threaded build. */
export const FREE_THREADED = Header.BUILD_FREE_THREADED;
/** GIL build. */
export const GIL = Header.BUILD_GIL;

/** Makes an empty heap. Nobody has a thread state. */
export function createHeap(build: number): SharedArrayBuffer {
  const core = Core.create(build, HEAP_BYTES, { now: () => 0 });
  core.close();
  return core.m.buffer;
}

/** The tables of such a heap, as far as they are used. */
export function tablesOf(buffer: SharedArrayBuffer): Ranges {
  const i32 = new Int32Array(buffer);
  const pages = i32[Header.PAGES];
  const end = i32[Header.FIRST_PAGE] * (Layout.PAGE_SIZE / 4);
  return [
    [0, Layout.ARENAS + 16 * (pages / Layout.PAGES_PER_ARENA)],
    [Layout.THREADS, Layout.THREADS + SLOTS * ThreadState.SIZEOF],
    [Layout.NEWS, Layout.NEWS + SLOTS * NEWS_OF_SLOT],
    [Layout.PAGE_MAP, Layout.PAGE_MAP + pages],
    [Layout.POOLS, end],
  ];
}

/** A core that each schedule finds as if it had just joined. */
export class Standing {
  /** The core. */
  readonly core: Core.Core;

  /** Joins the heap; the thread state stays detached. */
  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    this.core = Core.join(buffer, clock);
  }

  /** The memory was put back: follows it. */
  begin(): void {
    this.core.mem.close();
    this.core.obj.close();
  }
}

/** A window on the heap without a thread state. */
export function windowOn(buffer: SharedArrayBuffer, clock: Clock): Memory {
  return Create.open(buffer, clock);
}

/** Allocates and frees in all domains. Tickets name blocks: address | domain. */
export class Hand {
  readonly #core: Core.Core;
  readonly #random: Random;
  readonly #held: number[] = [];

  /** A hand of a worker, with choices from a seed. */
  constructor(core: Core.Core, random: Random) {
    this.#core = core;
    this.#random = random;
  }

  /** Allocates, marks the block. Returns its ticket. */
  take(): number {
    const { raw, mem, obj } = this.#core;
    const domain = this.#random.below(3);
    const nbytes = SIZES[this.#random.below(SIZES.length)];
    let block = 0;
    if (domain === RAW) block = raw.malloc(nbytes);
    else if (domain === MEM) block = mem.malloc(nbytes);
    else block = obj.malloc(nbytes);
    claim(block !== 0, `No memory for ${nbytes} bytes`);
    const i32 = this.#core.m.i32;
    const at = block >>> 2;
    i32[at] = block;
    i32[at + 1] = ~block;
    i32[at + (nbytes >>> 2) - 1] ^= 0; // the whole block is writable
    return block | domain;
  }

  /** Frees a block, whoever has allocated it. 0 is none. */
  give(ticket: number): void {
    if (ticket === 0) return;
    const { raw, mem, obj, m } = this.#core;
    const block = ticket & ~15;
    const at = block >>> 2;
    claim(
      m.i32[at] === block && m.i32[at + 1] === ~block,
      `The block at ${block} was handed out twice or written to`,
    );
    m.i32[at] = 0;
    m.i32[at + 1] = 0;
    if ((ticket & 15) === RAW) raw.free(block as RawPtr);
    else if ((ticket & 15) === MEM) mem.free(block as MemPtr);
    else obj.free(block as ObjPtr);
  }

  /** Allocates, frees, or swaps a block of its own for one of the mail. */
  act(mail: Words, letters: number): void {
    const held = this.#held;
    switch (this.#random.below(4)) {
      case 0:
      case 1:
        held.push(this.take());
        break;
      case 2:
        this.give(held.shift() ?? 0);
        break;
      default: {
        const letter = this.#random.below(letters);
        this.give(Atomics.exchange(mail, letter, held.pop() ?? 0));
      }
    }
  }

  /** Frees all that it holds. */
  giveAll(): void {
    for (const ticket of this.#held.splice(0)) this.give(ticket);
  }

  /** Frees all that is in the mail. */
  giveMail(mail: Words, letters: number): void {
    for (let letter = 0; letter < letters; letter++) {
      this.give(Atomics.exchange(mail, letter, 0));
    }
  }
}

/** Claims that the heap is sound and nothing is allocated in it. */
export function claimEmpty(core: Core.Core): void {
  const { findings, blocks } = checkCore(core);
  claim(findings.length === 0, findings.join("\n"));
  claim(
    blocks[RAW] + blocks[MEM] + blocks[OBJ] === 0,
    `${blocks} blocks of RAW, MEM and OBJ are left`,
  );
}
