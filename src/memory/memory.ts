/**
 * A worker's window on the heap: typed views and a few numbers.
 *
 * The shared memory is the truth; everything here can be rebuilt from it. One
 * `Memory` belongs to one worker. It is the first argument of every function
 * below the faces.
 *
 * ## Threads
 *   The fields are of this worker alone. `slot`, `thread` and `owner` are set
 *   once, when the worker gets its thread state.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as BlockStates from "../layout/block_states.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";

/** Byte address in the heap, from the start of the buffer; 0 is NULL. */
export type Address = number;

/** Word with the allocator of the heap. Word index. */
const ALLOCATOR = Map.ALLOCATORS + Allocators.ALLOCATOR;

/** What the engine says when the stack has run out. */
export const OVERFLOW = "Maximum call stack size exceeded";

/** What tells the time: injected, so that schedules can be replayed. */
export interface Clock {
  /** Milliseconds from some start, never going back. */
  now(): number;
}

/** See the head of this file. */
export class Memory {
  /** The whole heap. */
  declare readonly buffer: SharedArrayBuffer;
  /** Words. */
  declare readonly i32: Int32Array<SharedArrayBuffer>;
  /** Bytes, for `memory/bytes.ts` only. */
  declare readonly u8: Uint8Array<SharedArrayBuffer>;
  /** Double words, for `memory/bytes.ts` only. */
  declare readonly f64: Float64Array<SharedArrayBuffer>;
  /** Pages of the heap. Count. */
  declare readonly pages: number;
  /** Remote records. Word index. */
  declare readonly remotes: number;
  /** First page that may be handed out. Page number. */
  declare readonly firstPage: number;
  /** `Header.BUILD_…`. */
  declare readonly build: number;
  /** True if the GIL holds the pools of MEM and OBJ. */
  declare readonly isGilHeld: boolean;
  /** True if the heap has states of its blocks, see `memory/states.ts`. */
  declare readonly isSealed: boolean;
  /** Those states. Word index, or 0. */
  declare readonly states: number;
  /** True if each block ends with notes, see `domains/seal.ts`. */
  declare readonly hasNotes: boolean;
  /** The time. */
  declare readonly clock: Clock;
  /** Slot of this worker's thread state. */
  slot = 0;
  /** This worker's thread state. Word index. */
  thread = 0;
  /** Slot and incarnation: who this worker is in a lock word. */
  owner = 0;
  /** True if the stack ran out inside the heap: something may be half done. */
  isCut = false;
  /** Block that this worker has sealed last, where there are notes. Byte address. */
  lastSealed = 0;
  /** Who had freed it before. Owner id, or 0 if it is new in its pool. */
  lastFreer = 0;
  /** What stood in it where the debug hooks have a part of their fence. */
  lastFence = 0;

  /** A window on a buffer whose header is complete. */
  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    this.buffer = buffer;
    this.i32 = new Int32Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.pages = this.i32[Header.PAGES];
    this.remotes = this.i32[Header.REMOTES];
    this.build = this.i32[Header.BUILD];
    this.isGilHeld = isGilHeld(this.build, this.i32[ALLOCATOR]);
    this.isSealed = this.i32[Map.ALLOCATORS + Allocators.SEALED] !== 0;
    this.states = this.isSealed
      ? this.remotes + this.pages * RemoteRecord.SIZEOF
      : 0;
    this.hasNotes = this.isSealed && isDebugAllocator(this.i32[ALLOCATOR]);
    this.firstPage = firstPageOf(this.pages, this.isSealed);
    this.clock = clock;
  }
}

/** True if an allocator has its pools of MEM and OBJ held by the GIL. */
function isGilHeld(build: number, allocator: number): boolean {
  return build === Header.BUILD_GIL && allocator !== Allocators.MIMALLOC &&
    allocator !== Allocators.MIMALLOC_DEBUG;
}

/** True for an allocator with debug hooks. */
export function isDebugAllocator(allocator: number): boolean {
  return allocator === Allocators.MALLOC_DEBUG ||
    allocator === Allocators.PYMALLOC_DEBUG ||
    allocator === Allocators.MIMALLOC_DEBUG;
}

/** First page behind the tables of a heap of so many pages. Page number. */
export function firstPageOf(pages: number, isSealed: boolean): number {
  const words = Map.POOLS +
    pages * (PoolRecord.SIZEOF + RemoteRecord.SIZEOF) +
    (isSealed ? pages * BlockStates.SIZEOF : 0);
  return Math.ceil(words * 4 / Map.PAGE_SIZE);
}

/** Slots that were ever used are below it. Slot number, at most SLOTS. */
export function threadsUsed(m: Memory): number {
  const used = Atomics.load(m.i32, Header.X_THREADS_USED);
  return used >>> 0 <= PageMap.SLOTS ? used : PageMap.SLOTS;
}

/** True if a word index is that of the record of a page to hand out. */
export function isRecord(m: Memory, record: number): boolean {
  const page = (record - Map.POOLS) / PoolRecord.SIZEOF;
  return Number.isInteger(page) && page >= m.firstPage && page < m.pages;
}

/** Pool record of a page. Word index. */
export function recordOf(page: number): number {
  return Map.POOLS + (page << 3);
}

/** Page of a pool record. Page number. */
export function pageOf(record: number): number {
  return (record - Map.POOLS) >> 3;
}

/** First byte of a page. Byte address. */
export function addressOf(page: number): Address {
  return (page << Map.PAGE_BITS) >>> 0;
}
