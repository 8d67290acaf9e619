/**
 * What the engine does for a domain by itself: its own allocator records.
 *
 * Where the GIL holds the pools, MEM and OBJ pass requests of 0 bytes, and
 * above 512, on to the RAW domain, as pymalloc does. If RAW has another record
 * than the engine's, they go through it; the engine below it is told for whom
 * it works, so that the block is of the domain that asked.
 *
 * ## Threads
 *   As pools/ and raw/. A worker that stops inside calloc or realloc leaks at
 *   most the new block.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyObject_Malloc(),
 * _PyObject_Realloc(), pymalloc_realloc(), _PyMem_RawCalloc() and their kin.
 *
 * @module
 */

import { PointerError, show, ThreadStateError } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import { type Address, Bytes, type Memory, States } from "../memory/mod.ts";
import {
  Leave,
  Policy,
  Pool,
  Remote,
  SizeClasses,
  Supply,
} from "../pools/mod.ts";
import { Large } from "../raw/mod.ts";
import type { AnyAllocator, PyMemAllocatorEx } from "./allocator.ts";
import * as ArenaAllocator from "./arena_allocator.ts";
import * as Describe from "./describe.ts";
import * as FreeList from "./free_list.ts";
import type { Route } from "./route.ts";
import * as Seal from "./seal.ts";
import { isProduct, isSize } from "./sizes.ts";

// Hot: constants of this module fold, imported ones are read.
const { PAGE_MAP, PAGE_BITS } = Layout;
const PAGE_MASK = Layout.PAGE_SIZE - 1;
const POOL_OVERHEAD = PoolRecord.POOL_OVERHEAD;
const { SHAPE, CLASS_BITS, SHIFT: REMOTE_SHIFT } = RemoteRecord;
const CLASS_MASK = (1 << CLASS_BITS) - 1;
const KIND_AND_DOMAIN = (1 << PageMap.HOLDER_SHIFT) - 1;

/** Refuses a call on MEM or OBJ without an attached thread state. */
function requireAttached(route: Route, verb: string): void {
  if (route.isAttached) return;
  throw new ThreadStateError(
    `Cannot ${verb} in the ${route.name} domain without an attached thread ` +
      "state",
  );
}

/**
 * Calls who wants to know before an arena is created, and who is to provide it.
 * Nothing is locked.
 *
 * @returns False if there shall be no arena.
 */
function announceArena(route: Route, key: number, szidx: number): boolean {
  const { onArena, arena } = route.installed;
  if (onArena === null && arena === null) return true;
  if (szidx >= SizeClasses.SMALL_CLASSES) return true;
  if (!Supply.needsArena(route.m, key, szidx)) return true;
  if (onArena !== null) onArena();
  return arena === null || ArenaAllocator.obtain(route.m, arena, key);
}

/** A block of a small or medium class, or 0. */
function takeBlock(route: Route, key: number, szidx: number): Address {
  const { m } = route;
  if (!announceArena(route, key, szidx)) return 0;
  if (m.isSealed) FreeList.requireSound(m, key, szidx);
  const block = Pool.take(m, key, szidx);
  if (block !== 0) return block;
  const isRaw = Policy.domainOf(key) === PageMap.RAW;
  Leave.relieve(m, !isRaw, key, szidx);
  return Pool.take(m, key, szidx);
}

/** Makes room for a large block; says so if an arena goes. */
function relieve(route: Route): void {
  const { m, domain, installed: { arena } } = route;
  const before = arena === null ? [] : ArenaAllocator.arenasOf(m);
  Leave.relieve(m, domain !== PageMap.RAW, 0, 0);
  for (const place of before) ArenaAllocator.noteFreed(m, arena!, place);
}

/** A large block, or 0. */
function takeLarge(route: Route, nbytes: number): Address {
  const { m, domain } = route;
  const block = Large.alloc(m, domain, nbytes);
  if (block !== 0 || nbytes > m.buffer.byteLength) return block;
  relieve(route);
  return Large.alloc(m, domain, nbytes);
}

/** A block that was just taken, sealed if the heap wants that. */
function sealed(m: Memory, block: Address): Address {
  if (m.isSealed && block !== 0) Seal.seal(m, block);
  return block;
}

/** A block from the RAW engine for the route's domain, or 0. */
function rawAlloc(route: Route, nbytes: number): Address {
  const size = (nbytes === 0 ? 1 : nbytes) + route.overhead;
  if (size > SizeClasses.MEDIUM_REQUEST_THRESHOLD) {
    return sealed(route.m, takeLarge(route, size));
  }
  const szidx = SizeClasses.classOf(size);
  const key = szidx < SizeClasses.SMALL_CLASSES ? route.rawKey : route.spanKey;
  return sealed(route.m, takeBlock(route, key, szidx));
}

/** True if RAW requests of MEM and OBJ go through a record. */
function isPassedOn(route: Route): boolean {
  return route.installed.isRawHooked() && route.rawKey !== route.poolKey;
}

/** A small block from the domain's own pools, or 0. */
function poolAlloc(route: Route, nbytes: number): Address {
  const size = nbytes + route.overhead;
  if (nbytes === 0 || size > SizeClasses.SMALL_REQUEST_THRESHOLD) return 0;
  const { m, poolKey } = route;
  return sealed(m, takeBlock(route, poolKey, SizeClasses.classOf(size)));
}

/** A block of `nbytes`, or 0. The thread state is attached. */
function alloc(route: Route, nbytes: number): Address {
  const block = poolAlloc(route, nbytes);
  if (block !== 0) return block;
  return isPassedOn(route)
    ? passMalloc(route, nbytes)
    : rawAlloc(route, nbytes);
}

/** The RAW record, told that the route's domain calls it. */
function rawRecord(route: Route): AnyAllocator {
  const { installed } = route;
  installed.client = route;
  return installed.records[PageMap.RAW]!;
}

/** malloc that is passed on to the RAW record. */
function passMalloc(route: Route, nbytes: number): Address {
  const raw = rawRecord(route);
  try {
    return raw.malloc(raw.ctx, nbytes);
  } finally {
    route.installed.client = null;
  }
}

/** calloc that is passed on to the RAW record. */
function passCalloc(route: Route, nelem: number, elsize: number): Address {
  const raw = rawRecord(route);
  try {
    return raw.calloc(raw.ctx, nelem, elsize);
  } finally {
    route.installed.client = null;
  }
}

/** realloc that is passed on to the RAW record. */
function passRealloc(route: Route, block: Address, nbytes: number): Address {
  const raw = rawRecord(route);
  try {
    return raw.realloc(raw.ctx, block, nbytes);
  } finally {
    route.installed.client = null;
  }
}

/** free that is passed on to the RAW record. */
function passFree(route: Route, block: Address): void {
  const raw = rawRecord(route);
  try {
    raw.free(raw.ctx, block);
  } finally {
    route.installed.client = null;
  }
}

/** The route that the engine works for: RAW's, or of who passed a call on. */
function clientOf(route: Route): Route {
  if (route.domain !== PageMap.RAW) return route;
  return route.installed.client ?? route;
}

/**
 * Breaks the seal of a block of the domain that is about to go back.
 *
 * @returns False, and nothing happens, if the block is not live.
 */
function breakSeal(route: Route, page: number, block: Address): boolean {
  const { m } = route;
  const key = m.i32[PAGE_MAP + page];
  if (Policy.kindOf(key) === PageMap.LARGE) {
    return Seal.breakLarge(m, page, block);
  }
  return Policy.holderOf(key) === Policy.holderOf(route.poolKey)
    ? Seal.breakOwn(m, page, block)
    : Seal.breakForeign(m, page, block);
}

/** Gives a block back, and says so if that was the end of its arena. */
function give(route: Route, page: number, block: Address): void {
  const { m, installed: { arena } } = route;
  if (arena === null) return giveBlock(route, page, block);
  const place = ArenaAllocator.arenaOf(m, block);
  giveBlock(route, page, block);
  ArenaAllocator.noteFreed(m, arena, place);
}

/** Gives a block back; its first page and domain are known to be right. */
function giveBlock(route: Route, page: number, block: Address): void {
  const m = route.m;
  const key = m.i32[Layout.PAGE_MAP + page];
  if (Policy.kindOf(key) === PageMap.LARGE) {
    if (!Large.free(m, route.domain, page)) {
      throw new PointerError(
        `Cannot free ${show(block)} in the ${route.name} domain: ` +
          "another thread has just freed it",
      );
    }
  } else if (Policy.holderOf(key) === Policy.holderOf(route.poolKey)) {
    Pool.give(m, page, block);
  } else {
    Remote.push(m, page, block);
  }
}

/**
 * True if the domain has a small pool there, held by another thread, with such
 * a block in it. Reads nothing that the holder works on.
 */
function isForeignBlock(route: Route, block: Address): boolean {
  if (typeof block !== "number" || block >>> 0 !== block) return false;
  const i32 = route.m.i32;
  const page = block >>> PAGE_BITS;
  const other = i32[PAGE_MAP + page] ^ route.poolKey;
  if ((other & KIND_AND_DOMAIN) !== 0 || other === 0) return false;
  const shape = i32[route.m.remotes + (page << REMOTE_SHIFT) + SHAPE];
  const offset = block & PAGE_MASK;
  const size = ((shape & CLASS_MASK) + 1) << 4;
  return offset < shape >>> CLASS_BITS && offset >= POOL_OVERHEAD &&
    ((offset - POOL_OVERHEAD) >>> 0) % size === 0;
}

/** First page of a live block of the domain. */
function pageOfLive(route: Route, verb: string, block: Address): number {
  const { m, domain, name } = route;
  const page = Describe.pageOfBlock(m, verb, domain, block);
  if (m.isSealed && !States.isLive(m, block)) {
    Seal.refuse(m, verb, name, page, block);
  }
  return page;
}

/** Frees a block of the domain, whoever holds its pool. */
function release(route: Route, block: Address): void {
  const { m } = route;
  if (!m.isSealed && isForeignBlock(route, block)) {
    Remote.push(m, block >>> PAGE_BITS, block);
    return;
  }
  const page = Describe.pageOfBlock(m, "free", route.domain, block);
  giveSealed(route, "free", page, block);
}

/** Gives a block back if it is live, as far as the heap knows. */
function giveSealed(
  route: Route,
  verb: string,
  page: number,
  block: Address,
): void {
  const { m, name } = route;
  if (m.isSealed && !breakSeal(route, page, block)) {
    Seal.refuse(m, verb, name, page, block);
  }
  give(route, page, block);
}

/** True if a block of `size` bytes keeps its place for `nbytes`. */
function staysInPlace(size: number, nbytes: number): boolean {
  return nbytes <= size && 4 * nbytes > 3 * size;
}

/** True if the block is one that pymalloc has passed on to the RAW engine. */
function isViaRaw(route: Route, key: number): boolean {
  return route.rawKey !== route.poolKey &&
    Policy.kindOf(key) !== PageMap.POOL;
}

/** Moves a block to one of `nbytes`; 0 if there is none. */
function move(
  route: Route,
  page: number,
  block: Address,
  nbytes: number,
): Address {
  const m = route.m;
  const size = Describe.usableSize(m, page);
  const target = isViaRaw(route, m.i32[Layout.PAGE_MAP + page])
    ? rawAlloc(route, nbytes)
    : alloc(route, nbytes);
  if (target === 0) return 0;
  Bytes.copy(m, target, block, Math.min(size, nbytes));
  giveSealed(route, "reallocate", page, block);
  return target;
}

/** Resizes a large block where it stands, if it can be one of `size` bytes. */
function resizeLarge(
  m: Memory,
  page: number,
  block: Address,
  size: number,
): boolean {
  if (size <= SizeClasses.MEDIUM_REQUEST_THRESHOLD) return false;
  if (!Large.resize(m, page, size)) return false;
  if (m.isSealed) Seal.reseal(m, page, block);
  return true;
}

/** Resizes the block that starts with `page`; 0 if that is not possible. */
function resize(
  route: Route,
  page: number,
  block: Address,
  nbytes: number,
): Address {
  const m = route.m;
  const size = nbytes + route.overhead;
  if (Policy.kindOf(m.i32[Layout.PAGE_MAP + page]) === PageMap.LARGE) {
    if (resizeLarge(m, page, block, size)) return block;
  } else if (staysInPlace(Describe.spaceOf(m, page), size)) return block;
  return move(route, page, block, nbytes);
}

/** malloc of the engine. */
export function malloc(route: Route, nbytes: number): Address {
  requireAttached(route, "allocate");
  if (!isSize(nbytes)) return 0;
  const client = clientOf(route);
  return client === route ? alloc(route, nbytes) : rawAlloc(client, nbytes);
}

/** calloc of the engine. */
export function calloc(
  route: Route,
  nelem: number,
  elsize: number,
): Address {
  requireAttached(route, "allocate");
  if (!isProduct(nelem, elsize)) return 0;
  const nbytes = nelem * elsize;
  const client = clientOf(route);
  const isOwn = client === route;
  let block = isOwn ? poolAlloc(route, nbytes) : 0;
  if (block === 0) {
    if (isOwn && isPassedOn(route)) return passCalloc(route, nelem, elsize);
    block = rawAlloc(client, nbytes);
  }
  if (block === 0) return 0;
  Bytes.zero(route.m, block, nbytes === 0 ? 1 : nbytes);
  return block;
}

/** True if the RAW record answers for an address: it lies in no small pool. */
function isOfRawRecord(route: Route, block: Address): boolean {
  if (!isPassedOn(route) || !Describe.isAddress(route.m, block)) return false;
  const key = route.m.i32[PAGE_MAP + (block >>> PAGE_BITS)];
  return Policy.kindOf(key) !== PageMap.POOL;
}

/** realloc of the engine. */
export function realloc(
  route: Route,
  block: Address,
  nbytes: number,
): Address {
  if (block === 0) return malloc(route, nbytes);
  requireAttached(route, "reallocate");
  if (isOfRawRecord(route, block)) return passRealloc(route, block, nbytes);
  const client = clientOf(route);
  const page = pageOfLive(client, "reallocate", block);
  return isSize(nbytes) ? resize(client, page, block, nbytes) : 0;
}

/** free of the engine. */
export function free(route: Route, block: Address): void {
  if (block === 0) return;
  requireAttached(route, "free");
  if (isOfRawRecord(route, block)) passFree(route, block);
  else release(clientOf(route), block);
}

/**
 * Bytes that a block has room for, at least what was asked for.
 *
 * @throws {PointerError} If it is no block of the domain.
 */
export function sizeOf(route: Route, block: Address): number {
  return Describe.usableSize(route.m, pageOfLive(route, "measure", block));
}

/** The engine's own record of a domain. */
export function recordOf(route: Route): PyMemAllocatorEx<Route> {
  return { ctx: route, malloc, calloc, realloc, free };
}
