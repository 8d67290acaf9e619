/**
 * Heaps for tests, and one shape of call for both faces.
 *
 * A test runs in cells: a build, a domain, a face. Whatever it did, the heap is
 * checked when it is over, and that is half of what it claims.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type Build,
  checkHeap,
  createHeap,
  type Heap,
  MemoryError,
  type MemPtr,
  type ObjPtr,
  PointerError,
  type RawPtr,
} from "../../mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import { recordOf } from "../../src/memory/mod.ts";
import { C_FACE } from "../capi/c_face.ts";

/** A domain by its name in the public API. */
export type Domain = "raw" | "mem" | "obj";

/** Both builds. */
export const BUILDS: readonly Build[] = ["gil", "free-threaded"];
/** All domains, in the order of their numbers. */
export const DOMAINS: readonly Domain[] = ["raw", "mem", "obj"];

/** The four functions of a domain; what fails for lack of memory gives 0. */
export interface Calls {
  /** Byte address, or 0. */
  malloc(nbytes: number): number;
  /** Byte address of zeroed bytes, or 0. */
  calloc(nelem: number, elsize: number): number;
  /** Byte address, or 0 and the old block is as it was. */
  realloc(block: number, nbytes: number): number;
  /** Gives a block back; 0 is none. */
  free(block: number): void;
}

/** A face of the library, as tests call it. */
export interface Face {
  /** As test names say it. */
  readonly name: string;
  /** The functions of a domain of a heap. */
  calls(heap: Heap, domain: Domain): Calls;
}

/** A build, a domain and a face. */
export interface Cell {
  /** Build of the heap. */
  readonly build: Build;
  /** Domain under test. */
  readonly domain: Domain;
  /** Face under test. */
  readonly face: Face;
  /** The cell as test names say it. */
  readonly name: string;
}

/** `heap.mem.malloc()` and so on. */
export const IDIOMATIC: Face = {
  name: "idiomatic face",
  calls(heap, domain) {
    switch (domain) {
      case "raw":
        return rawCalls(heap);
      case "mem":
        return memCalls(heap);
      case "obj":
        return objCalls(heap);
    }
  },
};

/** The faces that every cell is tried on. */
export const FACES: readonly Face[] = [IDIOMATIC, C_FACE];

/** All cells. */
export const CELLS: readonly Cell[] = BUILDS.flatMap((build) =>
  DOMAINS.flatMap((domain) =>
    FACES.map((face) => ({
      build,
      domain,
      face,
      name: `${domain}, ${build}, ${face.name}`,
    }))
  )
);

/** Those where CPython's pymalloc serves small requests to the block. */
export const PYMALLOC_CELLS: readonly Cell[] = CELLS.filter((cell) =>
  cell.build === "gil" && cell.domain !== "raw"
);

/** Declares a test for each cell, on a fresh heap that is checked after it. */
export function eachCell(
  cells: readonly Cell[],
  name: string,
  test: (calls: Calls, heap: Heap, cell: Cell) => void,
): void {
  for (const cell of cells) {
    Deno.test(`${name} (${cell.name})`, () => {
      withHeap(cell.build, (heap) => {
        test(cell.face.calls(heap, cell.domain), heap, cell);
      });
    });
  }
}

/** Runs a test on a fresh heap; checks the heap, unless closed, and closes it. */
export function withHeap(
  build: Build,
  test: (heap: Heap) => void,
  maxBytes = 32 * 1024 * 1024,
): void {
  using heap = createHeap({ build, maxBytes });
  test(heap);
  if (!heap.isClosed) assertSound(heap);
}

/** Claims that the checker finds nothing. */
export function assertSound(heap: Heap): void {
  assertEquals(checkHeap(heap).findings, []);
}

/** Live blocks of a domain, as the checker counts them. */
export function liveBlocks(heap: Heap, domain: Domain): number {
  return checkHeap(heap).blocks[DOMAINS.indexOf(domain)];
}

/** Kind of the page that an address lies in, `PageMap.POOL` and so on. */
export function kindAt(heap: Heap, address: number): number {
  return keyAt(heap, address) & PageMap.KIND_MASK;
}

/** Domain number of the page that an address lies in. */
export function domainAt(heap: Heap, address: number): number {
  return (keyAt(heap, address) >>> PageMap.DOMAIN_SHIFT) & PageMap.DOMAIN_MASK;
}

function keyAt(heap: Heap, address: number): number {
  return heap.i32[Layout.PAGE_MAP + (address >>> Layout.PAGE_BITS)];
}

/** Size class of the pool that an address lies in. Index. */
export function classAt(heap: Heap, address: number): number {
  const record = recordOf(address >>> Layout.PAGE_BITS);
  return heap.i32[record + PoolRecord.SZIDX];
}

/** The page that an address lies in. Page number. */
export function pageAt(address: number): number {
  return address >>> Layout.PAGE_BITS;
}

/** Offset of an address in its page. Bytes. */
export function offsetIn(address: number): number {
  return address % Layout.PAGE_SIZE;
}

/** Writes a pattern that depends on the seed over the bytes of a block. */
export function paint(
  heap: Heap,
  block: number,
  nbytes: number,
  seed: number,
): void {
  for (let i = 0; i < nbytes; i++) heap.u8[block + i] = seed + 31 * i;
}

/** Claims that the bytes are those that {@linkcode paint} wrote. */
export function assertPainted(
  heap: Heap,
  block: number,
  nbytes: number,
  seed: number,
): void {
  for (let i = 0; i < nbytes; i++) {
    const expected = (seed + 31 * i) & 255;
    if (heap.u8[block + i] !== expected) {
      assertEquals(heap.u8[block + i], expected, `byte ${i} of ${nbytes}`);
    }
  }
}

/** A copy of the heap. */
export interface Snapshot {
  /** All of it. */
  readonly words: Int32Array;
  /** Pages in use, the heap's own tables included. Page numbers. */
  readonly pages: readonly number[];
}

/** Words of a page. Count. */
const PAGE_WORDS = Layout.PAGE_SIZE / 4;

/** A copy of the whole heap, tables included. */
export function snapshot(heap: Heap): Snapshot {
  const pages: number[] = [];
  for (let page = 0; page < heap.core.m.pages; page++) {
    const kind = kindAt(heap, page * Layout.PAGE_SIZE);
    if (kind !== PageMap.FREE && kind !== PageMap.FREE_RUN) pages.push(page);
  }
  return { words: heap.i32.slice(), pages };
}

/** Claims that no word of a page then in use, or of a table, has changed. */
export function assertUnchanged(
  heap: Heap,
  { words, pages }: Snapshot,
  msg: string,
): void {
  const { i32 } = heap;
  for (const page of pages) {
    const end = (page + 1) * PAGE_WORDS;
    for (let at = page * PAGE_WORDS; at < end; at++) {
      if (i32[at] !== words[at]) {
        assertEquals(i32[at], words[at], `word ${at} after ${msg}`);
      }
    }
  }
}

/** What a request gives, or 0 if it is refused for its size or for memory. */
function orNull(request: () => number): number {
  try {
    return request();
  } catch (error) {
    if (error instanceof PointerError) throw error;
    if (error instanceof MemoryError || error instanceof RangeError) return 0;
    throw error;
  }
}

function rawCalls({ raw }: Heap): Calls {
  return {
    malloc: (n) => orNull(() => raw.malloc(n)),
    calloc: (nelem, elsize) => orNull(() => raw.calloc(nelem, elsize)),
    realloc: (p, n) => orNull(() => raw.realloc(p as RawPtr, n)),
    free: (p) => raw.free(p as RawPtr),
  };
}

function memCalls({ mem }: Heap): Calls {
  return {
    malloc: (n) => orNull(() => mem.malloc(n)),
    calloc: (nelem, elsize) => orNull(() => mem.calloc(nelem, elsize)),
    realloc: (p, n) => orNull(() => mem.realloc(p as MemPtr, n)),
    free: (p) => mem.free(p as MemPtr),
  };
}

function objCalls({ obj }: Heap): Calls {
  return {
    malloc: (n) => orNull(() => obj.malloc(n)),
    calloc: (nelem, elsize) => orNull(() => obj.calloc(nelem, elsize)),
    realloc: (p, n) => orNull(() => obj.realloc(p as ObjPtr, n)),
    free: (p) => obj.free(p as ObjPtr),
  };
}
