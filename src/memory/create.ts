/**
 * Makes the shared buffer of a new heap, and opens that of an existing one.
 *
 * `create()` writes the header and marks the pages of the heap's own tables;
 * the layers above initialise their parts and then the heap calls `publish()`.
 *
 * ## Invariants (checked by check/)
 *   M1  MAGIC, VERSION, BUILD, PAGES and REMOTES agree with the buffer
 *   M2  pages below FIRST_PAGE are METADATA; those beyond the heap are FREE
 *
 * ## Threads
 *   Until `publish()` the buffer is known to its maker only. Afterwards the
 *   words written here never change. A worker that stops in between leaves a
 *   buffer that `open()` refuses.
 *
 * @module
 */

import { HandleError } from "../errors.ts";
import * as Allocators from "../layout/allocators.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { type Clock, firstPageOf, Memory } from "./memory.ts";

/** What the allocators of a heap are like; see `layout/allocators.ts`. */
export interface AllocatorWords {
  /** `Allocators.MALLOC` and so on. */
  readonly allocator: number;
  /** Whether the heap has states of its blocks. */
  readonly isSealed: boolean;
  /** Whether debug hooks are on from the start. */
  readonly isDebug: boolean;
  /** Whether to print statistics. */
  readonly printsStats: boolean;
}

/** The allocators of a build unless somebody wants others. */
export function defaultAllocators(build: number): AllocatorWords {
  const isGil = build === Header.BUILD_GIL;
  const allocator = isGil ? Allocators.PYMALLOC : Allocators.MIMALLOC;
  return { allocator, isSealed: false, isDebug: false, printsStats: false };
}

/** Writes the words that say what the allocators are like. */
function writeAllocators(
  i32: Int32Array<SharedArrayBuffer>,
  words: AllocatorWords,
): void {
  const at = Layout.ALLOCATORS;
  i32[at + Allocators.ALLOCATOR] = words.allocator;
  i32[at + Allocators.SEALED] = words.isSealed ? 1 : 0;
  i32[at + Allocators.X_DEBUG] = words.isDebug ? 1 : 0;
  i32[at + Allocators.MALLOCSTATS] = words.printsStats ? 1 : 0;
  i32[at + Allocators.SECRET] = crypto.getRandomValues(new Int32Array(1))[0];
}

/**
 * A buffer of `bytes` (a multiple of 1 MiB) with a complete header.
 *
 * @throws {RangeError} If the engine cannot reserve that many bytes.
 */
export function create(
  build: number,
  bytes: number,
  clock: Clock,
  allocators: AllocatorWords = defaultAllocators(build),
): Memory {
  const buffer = new SharedArrayBuffer(bytes);
  const i32 = new Int32Array(buffer);
  const pages = bytes / Layout.PAGE_SIZE;
  const remotes = Layout.POOLS + pages * PoolRecord.SIZEOF;
  const first = firstPageOf(pages, allocators.isSealed);
  i32[Header.MAGIC] = Header.MAGIC_VALUE;
  i32[Header.VERSION] = Header.VERSION_VALUE;
  i32[Header.BUILD] = build;
  i32[Header.PAGES] = pages;
  i32[Header.REMOTES] = remotes;
  i32[Header.FIRST_PAGE] = first;
  for (let page = 0; page < first; page++) {
    i32[Layout.PAGE_MAP + page] = PageMap.METADATA;
  }
  writeAllocators(i32, allocators);
  const id = crypto.getRandomValues(new Int32Array(2));
  i32[Header.HEAP_ID] = id[0];
  i32[Header.HEAP_ID + 1] = id[1];
  return new Memory(buffer, clock);
}

/** Lets others attach: the heap is complete. */
export function publish(m: Memory): void {
  Atomics.store(m.i32, Header.X_READY, 1); // COMMIT
}

/**
 * A window on a heap that somebody else made.
 *
 * @throws {HandleError} If the buffer is no heap of this version.
 */
export function open(buffer: SharedArrayBuffer, clock: Clock): Memory {
  const fault = faultOf(buffer);
  if (fault !== "") throw new HandleError(`Cannot attach: ${fault}`);
  return new Memory(buffer, clock);
}

/** What a SharedArrayBuffer says that it is. */
const TAG = "[object SharedArrayBuffer]";

/** True unless something only says that it is a SharedArrayBuffer. */
function isReal(buffer: SharedArrayBuffer): boolean {
  try {
    // Own properties of an impostor do not count.
    return Reflect.get(SharedArrayBuffer.prototype, "byteLength", buffer) >= 0;
  } catch {
    return false;
  }
}

/** Why a buffer is no heap that this version can use, or `""`. */
function faultOf(buffer: SharedArrayBuffer): string {
  if (Object.prototype.toString.call(buffer) !== TAG || !isReal(buffer)) {
    return "the handle holds no SharedArrayBuffer";
  }
  if ((buffer as { growable?: boolean }).growable === true) {
    return "the buffer can grow, as that of no heap can";
  }
  const bytes = buffer.byteLength;
  if (bytes < Layout.MIN_BYTES || bytes % Layout.ARENA_SIZE !== 0) {
    return `a buffer of ${bytes} bytes is no heap`;
  }
  const i32 = new Int32Array(buffer);
  if (i32[Header.MAGIC] !== Header.MAGIC_VALUE) {
    return "the buffer is no heap";
  }
  if (i32[Header.VERSION] !== Header.VERSION_VALUE) {
    return `the heap has layout version ${i32[Header.VERSION]}, ` +
      `this library reads version ${Header.VERSION_VALUE}`;
  }
  const build = i32[Header.BUILD];
  const isSealed = i32[Layout.ALLOCATORS + Allocators.SEALED] !== 0;
  const isBuild = build === Header.BUILD_GIL ||
    build === Header.BUILD_FREE_THREADED;
  const pages = bytes / Layout.PAGE_SIZE;
  const remotes = Layout.POOLS + pages * PoolRecord.SIZEOF;
  if (
    !isBuild || i32[Header.PAGES] !== pages ||
    i32[Header.REMOTES] !== remotes ||
    i32[Header.FIRST_PAGE] !== firstPageOf(pages, isSealed)
  ) return "the header of the heap is damaged";
  if (Atomics.load(i32, Header.X_READY) !== 1) {
    return "the heap is not complete";
  }
  return "";
}
