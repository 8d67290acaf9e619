/**
 * The debug hooks: allocator records around other records, which put fences
 * around each block, fill it, and look at all of that when it is freed.
 *
 * ```text
 *   call      what the hooks do
 *   ───────   ────────────────────────────────────────────────────────────────
 *   malloc    N + 24 bytes from below; header, tail, fill with CD
 *   calloc    the same, and the data stays 0
 *   realloc   check; mark as dead; resize below; header, tail, what was saved;
 *             fill what is new with CD
 *   free      check; mark as dead; free below
 * ```
 *
 * MEM and OBJ look whether a thread state is attached, and then call what RAW
 * calls; so all that is found in a block is found by a function with Raw in its
 * name.
 *
 * ## Threads
 *   Blocks belong to the caller, see `block.ts`. A worker that stops inside
 *   leaks the block that it was allocating or freeing.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_DebugRawAlloc(),
 * _PyMem_DebugRawFree(), _PyMem_DebugMalloc() and their kin.
 *
 * @module
 */

import { PointerError, show } from "../../errors.ts";
import * as DebugBlock from "../../layout/debug_block.ts";
import * as PageMap from "../../layout/page_map.ts";
import { type AnyAllocator, NAMES, Requests } from "../../domains/mod.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import * as Block from "./block.ts";
import * as Check from "./check.ts";
import { DebugAllocApi } from "./debug_alloc_api.ts";
import * as Erase from "./erase.ts";
import * as Reuse from "./reuse.ts";

const { HEADER, EXTRA } = DebugBlock;
/** Largest request that leaves room for header and tail. Bytes. */
const MAX_REQUEST = Requests.PY_SSIZE_T_MAX - EXTRA;

/**
 * Makes sure that the record below has returned something that a block of the
 * hooks fits into.
 *
 * @throws {PointerError} If it has not.
 */
function requireFit(api: DebugAllocApi, base: Address, nbytes: number): void {
  const end = base + nbytes + EXTRA;
  if (base > 0 && (base & 15) === 0 && end <= Block.endOf(api.m)) return;
  throw new PointerError(
    `Cannot allocate ${nbytes} bytes in the ${NAMES[api.domain]} domain: ` +
      `the record below the debug hooks returned ${show(base)}`,
  );
}

/** Fills data of a block from an offset on with CD. */
function cleanFrom(
  api: DebugAllocApi,
  base: Address,
  offset: number,
  nbytes: number,
): void {
  const from = Math.max(offset, api.kept);
  if (from < nbytes) Block.clean(api.m, base + HEADER + from, nbytes - from);
}

function rawMalloc(api: DebugAllocApi, nbytes: number): Address {
  if (nbytes > MAX_REQUEST) return 0;
  const { m, alloc } = api;
  const base = alloc.malloc(alloc.ctx, nbytes + EXTRA);
  if (base === 0) return 0;
  requireFit(api, base, nbytes);
  if (m.isSealed) Reuse.checkFree(api, base);
  Block.enclose(m, base, nbytes, api.idWord);
  cleanFrom(api, base, 0, nbytes);
  return base + HEADER;
}

function rawCalloc(
  api: DebugAllocApi,
  nelem: number,
  elsize: number,
): Address {
  const nbytes = nelem * elsize;
  if (nbytes > MAX_REQUEST) return 0;
  const { alloc } = api;
  const base = alloc.calloc(alloc.ctx, 1, nbytes + EXTRA);
  if (base === 0) return 0;
  requireFit(api, base, nbytes);
  Block.enclose(api.m, base, nbytes, api.idWord);
  return base + HEADER;
}

function rawFree(api: DebugAllocApi, p: Address): void {
  if (p === 0) return;
  Check.checkAddress(api, "_PyMem_DebugRawFree", "free", p);
  const { m, alloc } = api;
  const base = p - HEADER;
  Block.bury(m, base, Block.sizeAt(m, p), api.kept);
  alloc.free(alloc.ctx, base);
}

/** Resizes a block whose bytes stay as they are meanwhile. */
function resizePlainly(
  api: DebugAllocApi,
  before: Address,
  nbytes: number,
): Address {
  const { alloc } = api;
  const base = alloc.realloc(alloc.ctx, before, nbytes + EXTRA);
  if (base !== 0) requireFit(api, base, nbytes);
  return base;
}

/** Resizes a block that is marked as dead meanwhile. */
function resizeErased(
  api: DebugAllocApi,
  before: Address,
  size: number,
  nbytes: number,
): Address {
  const { m } = api;
  // Another one is under way if the record below has called us.
  const saved = api.spare ?? new Uint8Array(Erase.SAVED_MAX);
  api.spare = null;
  Erase.erase(m, before, size, saved);
  let base = 0;
  try {
    base = resizePlainly(api, before, nbytes);
  } finally {
    // Refused: the block is as it was.
    if (base === 0) {
      Block.enclose(m, before, size, api.idWord);
      Erase.putBack(m, before, size, size, saved);
    } else Erase.putBack(m, base, size, nbytes, saved);
    api.spare = saved;
  }
  return base;
}

function rawRealloc(api: DebugAllocApi, p: Address, nbytes: number): Address {
  if (p === 0) return rawMalloc(api, nbytes);
  Check.checkAddress(api, "_PyMem_DebugRawRealloc", "reallocate", p);
  if (nbytes > MAX_REQUEST) return 0;
  const { m } = api;
  const before = p - HEADER;
  const size = Block.sizeAt(m, p);
  const base = api.erases
    ? resizeErased(api, before, size, nbytes)
    : resizePlainly(api, before, nbytes);
  if (base === 0) return 0;
  Block.enclose(m, base, nbytes, api.idWord);
  cleanFrom(api, base, size, nbytes);
  return base + HEADER;
}

function malloc(api: DebugAllocApi, nbytes: number): Address {
  Check.requireThread(api, "_PyMem_DebugMalloc");
  return rawMalloc(api, nbytes);
}

function calloc(api: DebugAllocApi, nelem: number, elsize: number): Address {
  Check.requireThread(api, "_PyMem_DebugCalloc");
  return rawCalloc(api, nelem, elsize);
}

function realloc(api: DebugAllocApi, p: Address, nbytes: number): Address {
  Check.requireThread(api, "_PyMem_DebugRealloc");
  return rawRealloc(api, p, nbytes);
}

function free(api: DebugAllocApi, p: Address): void {
  Check.requireThread(api, "_PyMem_DebugFree");
  rawFree(api, p);
}

/** Bytes that the caller of the hooks has asked for. */
function sizeAt(api: DebugAllocApi, p: Address): number {
  Check.requireBlock(api, "measure", p);
  return Block.sizeAt(api.m, p);
}

/** The functions of the hooks of RAW. */
const RAW = {
  malloc: rawMalloc,
  calloc: rawCalloc,
  realloc: rawRealloc,
  free: rawFree,
};
/** The functions of the hooks of MEM and OBJ. */
const OTHERS = { malloc, calloc, realloc, free };

/** The functions of the hooks of a domain. */
function callsOf(api: DebugAllocApi): typeof RAW {
  return api.domain === PageMap.RAW ? RAW : OTHERS;
}

/** The record of the debug hooks of a domain. */
export function recordOf(api: DebugAllocApi): AnyAllocator {
  // A record that wraps this one may have taken over the member without ctx.
  const sizeOf = (_ctx: unknown, p: Address) => sizeAt(api, p);
  return { ctx: api, ...callsOf(api), sizeOf };
}

/**
 * The hooks of a domain, if its record is theirs, unchanged, right over the
 * engine's own; or null.
 *
 * @param record What is installed, null for the engine's own.
 */
export function directApi(
  record: AnyAllocator | null,
  m: Memory,
  domain: number,
): DebugAllocApi | null {
  if (record === null) return null;
  const { ctx, malloc, calloc, realloc, free } = record;
  if (!(ctx instanceof DebugAllocApi) || !ctx.isDirect) return null;
  const own = callsOf(ctx);
  const isOurs = ctx.m === m && ctx.domain === domain &&
    own.malloc === malloc && own.calloc === calloc &&
    own.realloc === realloc && own.free === free;
  return isOurs ? ctx : null;
}

/** True if a record is one of the debug hooks. */
export function isOurs(record: AnyAllocator): boolean {
  return record.malloc === malloc || record.malloc === rawMalloc;
}
