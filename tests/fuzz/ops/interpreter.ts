/**
 * Op bytes: a string of bytes is a program of heap calls, any string is one.
 *
 * ```text
 *   byte 0                   1      2      3
 *   ┌────────────┬─────────┐ ┌──────┬──────┬─────┐
 *   │ domain (5) │ kind (3)│ │ cell │ size │ run │   one act
 *   └────────────┴─────────┘ └──────┴──────┴─────┘
 * ```
 *
 * There are three tables of 256 cells, one for each domain; a cell is empty or
 * has a block. An act fills, drains, toggles or resizes a run of cells, 1 to
 * 16 of them or, one time in eight, up to 128; what fills a cell frees what
 * was there. Byte 0 of 255 and a size above 223 are a call of the heap itself.
 * Runs are what programs do, and let the engine predict the calls.
 *
 * The model: each block has a mark in its first and its last word that follows
 * from address and size, written when it is handed out and looked at when it is
 * given back or moved. Two blocks that overlap at their ends, a copy that lost
 * something and a table that was written over all break a mark. In `thorough`
 * mode the whole block is painted, no two blocks may share 16 bytes, callocs
 * are looked at to the last byte, and the heap is checked every 4096 acts.
 *
 * ## Threads
 *   One real worker with two thread states, see port.ts.
 *
 * @module
 */

import { MemoryError } from "../../../mod.ts";
import type { Port } from "./port.ts";

/** Cells of each domain. Count. */
const CELLS = 256;
/** Acts between two checks in thorough mode. Count. */
const CHECK_EVERY = 4096;
/** Bytes of an act. Count. */
export const ACT_BYTES = 4;
/** First byte of a call of the heap itself. */
const CONTROL = 255;
/** Sizes below this make an act of it, or control would be too often. */
const QUIET = 224;

/** How to run a program. */
export interface Manner {
  /** Looks at every byte. */
  readonly thorough: boolean;
  /** True if the heap may be full: a request may fail, and nothing changes. */
  readonly mayFail: boolean;
}

/** What a program found out about the heap. */
export class Broken extends Error {
  /** The act that found it, counted from 0; -1 at the end. */
  readonly act: number;

  /** A finding. */
  constructor(act: number, text: string) {
    super(text);
    this.act = act;
  }
}

/** Most requests are of one of these, as in programs. Bytes. */
const COMMON = [8, 32, 48, 64, 96, 240];

/** Sizes by their byte: common, small, few medium or large. Bytes. */
const SIZES = Int32Array.from({ length: 256 }, (_, k) => {
  if (k < 192) return COMMON[k % COMMON.length] - (k >> 5);
  if (k < 248) return ((k - 192) * 37) % 513;
  return k < 255 ? 513 + (k - 248) * 1400 : 40000;
});

/** Length of a run by its byte. Count. */
function runOf(byte: number): number {
  return byte < 224 ? 1 + (byte & 15) : 1 + (byte - 224) * 4;
}

/** Runs programs on a port. */
export class Interpreter {
  readonly #port: Port;
  readonly #manner: Manner;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #blocks = new Int32Array(3 * CELLS);
  readonly #sizes = new Int32Array(3 * CELLS);
  /** Thorough: 16-byte grains that are in use. */
  readonly #grains: Uint8Array;
  #act = 0;
  /** Requests that failed. Count. */
  failures = 0;
  /** Calls of the heap. Count. */
  calls = 0;

  /** An interpreter with no blocks. */
  constructor(port: Port, manner: Manner) {
    this.#port = port;
    this.#manner = manner;
    this.#words = port.heap.i32;
    const grains = manner.thorough ? port.heap.buffer.byteLength >>> 4 : 0;
    this.#grains = new Uint8Array(grains);
  }

  /** Runs a program. */
  run(bytes: Uint8Array): void {
    for (let at = 0; at + 3 < bytes.length; at += ACT_BYTES) {
      this.#act = at >> 2;
      const op = bytes[at];
      const size = bytes[at + 2];
      if (op === CONTROL && size >= QUIET) this.#control(size);
      else this.#step(op, bytes[at + 1], SIZES[size], runOf(bytes[at + 3]));
      if (this.#manner.thorough && this.#act % CHECK_EVERY === 0) this.#check();
    }
  }

  /** Frees everything; the heap must then be empty to the block. */
  end(): void {
    this.#act = -1;
    for (let cell = 0; cell < 3 * CELLS; cell++) {
      if (this.#blocks[cell] !== 0) this.#free(cell);
    }
    this.#port.settle();
    const { findings, blocks, remoteBlocks } = this.#port.check();
    if (findings.length > 0) this.#fail(findings[0]);
    if (blocks.some((count) => count !== 0) || remoteBlocks !== 0) {
      this.#fail(`${blocks} blocks are left, ${remoteBlocks} remote`);
    }
    const { footprintBytes } = this.#port.heap.stats();
    if (footprintBytes !== 0) this.#fail(`${footprintBytes} bytes are left`);
  }

  #fail(text: string): never {
    throw new Broken(this.#act, text);
  }

  #step(op: number, first: number, nbytes: number, run: number): void {
    const kind = op & 7;
    const table = ((op >>> 3) % 3) * CELLS;
    // Long runs of large blocks would test the memory of the machine.
    const count = nbytes > 512 ? Math.min(run, 4) : run;
    if (kind < 3) this.#fill(table, first, nbytes, count);
    else if (kind < 6) this.#drain(table, first, count);
    else if (kind === 6) this.#toggle(table, first, nbytes, count);
    else this.#resize(table + first, nbytes);
  }

  #fill(table: number, first: number, nbytes: number, count: number): void {
    for (let k = 0; k < count; k++) {
      const cell = table + ((first + k) & 255);
      if (this.#blocks[cell] !== 0) this.#free(cell);
      this.#malloc(cell, nbytes);
    }
  }

  #drain(table: number, first: number, count: number): void {
    for (let k = 0; k < count; k++) {
      const cell = table + ((first + k) & 255);
      if (this.#blocks[cell] !== 0) this.#free(cell);
    }
  }

  /** Frees what is full, callocs what is empty. */
  #toggle(table: number, first: number, nbytes: number, count: number): void {
    for (let k = 0; k < count; k++) {
      const cell = table + ((first + k) & 255);
      if (this.#blocks[cell] !== 0) this.#free(cell);
      else this.#calloc(cell, nbytes);
    }
  }

  #malloc(cell: number, nbytes: number): void {
    const domain = cell >> 8;
    this.calls++;
    if (!this.#manner.mayFail) {
      this.#keep(cell, this.#port.malloc(domain, nbytes), nbytes);
      return;
    }
    try {
      this.#keep(cell, this.#port.malloc(domain, nbytes), nbytes);
    } catch (error) {
      this.#failed(error);
    }
  }

  #calloc(cell: number, nbytes: number): void {
    this.calls++;
    try {
      const block = this.#port.calloc(cell >> 8, nbytes);
      this.#zero(block, nbytes);
      this.#keep(cell, block, nbytes);
    } catch (error) {
      this.#failed(error);
    }
  }

  #resize(cell: number, nbytes: number): void {
    const block = this.#blocks[cell];
    const before = this.#sizes[cell];
    this.calls++;
    if (block !== 0) this.#look(block, before);
    try {
      const moved = this.#port.realloc(cell >> 8, block, nbytes);
      if (block !== 0) {
        this.#copied(moved, block, Math.min(before, nbytes), before);
        if (this.#manner.thorough) this.#mark(block, before, 0);
      }
      this.#keep(cell, moved, nbytes);
    } catch (error) {
      this.#failed(error);
      if (block !== 0) this.#look(block, before);
    }
  }

  #free(cell: number): void {
    const block = this.#blocks[cell];
    const nbytes = this.#sizes[cell];
    this.#look(block, nbytes);
    if (this.#manner.thorough) this.#mark(block, nbytes, 0);
    this.#blocks[cell] = 0;
    this.calls++;
    this.#port.free(cell >> 8, block);
  }

  /** A request failed: that may be, if the heap may be full. */
  #failed(error: unknown): void {
    if (!(error instanceof MemoryError) || !this.#manner.mayFail) throw error;
    this.failures++;
    const looks = this.failures < 8 || this.failures % 512 === 0;
    if (this.#manner.thorough && looks) this.#check();
  }

  /** What the word of a block must hold: of its address, size and place. */
  #tag(block: number, nbytes: number, place: number): number {
    return (block ^ Math.imul(nbytes + 1, 0x9e3779b1) ^ place) | 0;
  }

  /** A block was handed out: marks it, and remembers it. */
  #keep(cell: number, block: number, nbytes: number): void {
    if (block <= 0 || (block & 15) !== 0) {
      this.#fail(`${nbytes} bytes at ${block}`);
    }
    this.#blocks[cell] = block;
    this.#sizes[cell] = nbytes;
    if (this.#manner.thorough) {
      this.#paint(block, nbytes);
    } else if (nbytes > 3) {
      const at = block >>> 2;
      const last = (nbytes >>> 2) - 1;
      this.#words[at + last] = this.#tag(block, nbytes, last);
      this.#words[at] = this.#tag(block, nbytes, 0);
    }
  }

  /** Thorough: marks every word of a block, and its grains. */
  #paint(block: number, nbytes: number): void {
    this.#mark(block, nbytes, 1);
    const words = nbytes >>> 2;
    for (let k = 0; k < words; k++) {
      this.#words[(block >>> 2) + k] = this.#tag(block, nbytes, k);
    }
  }

  /** The marks of a block are whole. */
  #look(block: number, nbytes: number): void {
    if (nbytes < 4) return;
    if (this.#manner.thorough) {
      this.#lookAtAll(block, nbytes);
      return;
    }
    const at = block >>> 2;
    const last = (nbytes >>> 2) - 1;
    if (
      this.#words[at] !== this.#tag(block, nbytes, 0) ||
      this.#words[at + last] !== this.#tag(block, nbytes, last)
    ) this.#fail(`an end of ${nbytes} bytes at ${block} was changed`);
  }

  /** Thorough: every word of a block is as it was painted. */
  #lookAtAll(block: number, nbytes: number): void {
    const words = nbytes >>> 2;
    for (let k = 0; k < words; k++) {
      if (this.#words[(block >>> 2) + k] !== this.#tag(block, nbytes, k)) {
        this.#fail(`word ${k} of ${nbytes} bytes at ${block} was changed`);
      }
    }
  }

  /** The first bytes came along. */
  #copied(moved: number, block: number, kept: number, before: number): void {
    const words = kept >>> 2;
    const step = this.#manner.thorough ? 1 : Math.max(words, 1);
    for (let k = 0; k < words; k += step) {
      if (this.#words[(moved >>> 2) + k] !== this.#tag(block, before, k)) {
        this.#fail(`realloc of ${before} bytes at ${block} lost word ${k}`);
      }
    }
  }

  /** The bytes of a calloc are 0. */
  #zero(block: number, nbytes: number): void {
    const { u8 } = this.#port.heap;
    const step = this.#manner.thorough ? 1 : Math.max(nbytes >> 1, 1);
    for (let k = 0; k < nbytes; k += step) {
      if (u8[block + k] !== 0) this.#fail(`byte ${k} of a calloc is not 0`);
    }
  }

  /** Thorough: takes or gives the grains of a block. */
  #mark(block: number, nbytes: number, value: number): void {
    const first = block >>> 4;
    const end = first + Math.max((nbytes + 15) >>> 4, 1);
    for (let grain = first; grain < end; grain++) {
      if (this.#grains[grain] === value) {
        this.#fail(`${nbytes} bytes at ${block} overlap a live block`);
      }
      this.#grains[grain] = value;
    }
  }

  /** The checker finds nothing and counts as many blocks as there are. */
  #check(): void {
    const { findings, blocks } = this.#port.check();
    if (findings.length > 0) this.#fail(findings[0]);
    // RAW of a heap with two thread states is not counted.
    for (let domain = 1; domain < 3; domain++) {
      let live = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        if (this.#blocks[domain * CELLS + cell] !== 0) live++;
      }
      if (blocks[domain] !== live) {
        this.#fail(`${blocks[domain]} blocks of domain ${domain}, not ${live}`);
      }
    }
  }

  /** A call of the heap itself. */
  #control(arg: number): void {
    if (arg < 248) this.#port.switch();
    else if (arg < 252) this.#port.heap.threads.safePoint();
    else if (arg < 254) this.#port.heap.trim();
    else if (arg < 255) this.#port.replace();
    else if (this.#manner.thorough) this.#check();
  }
}
