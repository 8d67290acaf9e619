/**
 * Requests that the fast paths of the domains pass on: medium and large
 * blocks, empty rings, blocks of other holders, bad input.
 *
 * Failure for lack of memory, or because the size is none, is 0 or throws, as
 * the route says; misuse always throws.
 *
 * ## Threads
 *   As pools/ and raw/. A worker that stops inside calloc or realloc leaks at
 *   most the new block.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyObject_Malloc(),
 * _PyObject_Realloc(), pymalloc_realloc(), PyMem_RawCalloc() and their kin.
 *
 * @module
 */

import { PointerError, show, ThreadStateError } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import { type Address, Bytes, type Memory } from "../memory/mod.ts";
import { Leave, Policy, Pool, Remote, SizeClasses } from "../pools/mod.ts";
import { Large } from "../raw/mod.ts";
import { Suspension } from "../threads/mod.ts";
import * as Describe from "./describe.ts";
import * as Failure from "./failure.ts";
import type { Route } from "./route.ts";
import { isProduct, isSize } from "./sizes.ts";

// Hot: constants of this module fold, imported ones are read.
const { PAGE_MAP, PAGE_BITS } = Layout;
const PAGE_MASK = Layout.PAGE_SIZE - 1;
const POOL_OVERHEAD = PoolRecord.POOL_OVERHEAD;
const { SHAPE, CLASS_BITS, SHIFT: REMOTE_SHIFT } = RemoteRecord;
const CLASS_MASK = (1 << CLASS_BITS) - 1;
const KIND_AND_DOMAIN = (1 << PageMap.HOLDER_SHIFT) - 1;

export { isProduct, isSize, PY_SSIZE_T_MAX } from "./sizes.ts";

/**
 * Refuses a call on MEM or OBJ without an attached thread state, and any call
 * of a worker that was revoked.
 */
function requireAttached(route: Route, verb: string): void {
  if (route.m.isCut) route.healer.heal();
  Suspension.requireNotRevoked(route.m);
  if (route.isAttached) return;
  throw new ThreadStateError(
    `Cannot ${verb} in the ${route.name} domain without an attached thread ` +
      "state",
  );
}

/** A block of a small class, or 0. */
function takeSmall(m: Memory, key: number, szidx: number): Address {
  const block = Pool.take(m, key, szidx);
  if (block !== 0) return block;
  const isRaw = Policy.domainOf(key) === PageMap.RAW;
  Leave.relieve(m, !isRaw, key, szidx);
  return Pool.take(m, key, szidx);
}

/** A large block, or 0. */
function takeLarge(route: Route, nbytes: number): Address {
  const { m, domain } = route;
  const block = Large.alloc(m, domain, nbytes);
  if (block !== 0 || nbytes > m.buffer.byteLength) return block;
  Leave.relieve(m, domain !== PageMap.RAW, 0, 0);
  return Large.alloc(m, domain, nbytes);
}

/** A block from the RAW engine for the route's domain, or 0. */
function rawAlloc(route: Route, nbytes: number): Address {
  if (nbytes > SizeClasses.MEDIUM_REQUEST_THRESHOLD) {
    return takeLarge(route, nbytes);
  }
  const szidx = SizeClasses.classOf(nbytes === 0 ? 1 : nbytes);
  const key = szidx < SizeClasses.SMALL_CLASSES ? route.rawKey : route.spanKey;
  return takeSmall(route.m, key, szidx);
}

/** A block of `nbytes`, or 0. The thread state is attached. */
function alloc(route: Route, nbytes: number): Address {
  if (!isSize(nbytes)) return 0;
  if (nbytes > 0 && nbytes <= SizeClasses.SMALL_REQUEST_THRESHOLD) {
    const szidx = SizeClasses.classOf(nbytes);
    const block = takeSmall(route.m, route.poolKey, szidx);
    if (block !== 0 || route.rawKey === route.poolKey) return block;
  }
  return rawAlloc(route, nbytes);
}

/** malloc behind the fast path. */
export function malloc(route: Route, nbytes: number): Address {
  requireAttached(route, "allocate");
  const block = alloc(route, nbytes);
  if (block === 0 && route.throws) Failure.malloc(route.name, nbytes);
  return block;
}

/** What a call for `nelem` items of `elsize` bytes returns if it fails. */
export function refuse(route: Route, nelem: number, elsize: number): Address {
  if (route.throws) Failure.calloc(route.name, nelem, elsize);
  return 0;
}

/** calloc of `nelem` times `elsize` bytes. */
export function calloc(
  route: Route,
  nelem: number,
  elsize: number,
): Address {
  requireAttached(route, "allocate");
  if (!isProduct(nelem, elsize)) return refuse(route, nelem, elsize);
  const nbytes = nelem * elsize;
  const block = alloc(route, nbytes);
  if (block === 0) return refuse(route, nelem, elsize);
  Bytes.zero(route.m, block, nbytes === 0 ? 1 : nbytes);
  return block;
}

/** Gives a block back; its first page and domain are known to be right. */
function give(route: Route, page: number, block: Address): void {
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

/** free behind the fast path. */
export function free(route: Route, block: Address): void {
  if (block === 0) return;
  requireAttached(route, "free");
  if (isForeignBlock(route, block)) {
    Remote.push(route.m, block >>> PAGE_BITS, block);
    return;
  }
  give(
    route,
    Describe.pageOfBlock(route.m, "free", route.domain, block),
    block,
  );
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
  give(route, page, block);
  return target;
}

/** Resizes the block that starts with `page`; 0 if that is not possible. */
function resize(
  route: Route,
  page: number,
  block: Address,
  nbytes: number,
): Address {
  const m = route.m;
  if (!isSize(nbytes)) return 0;
  if (Policy.kindOf(m.i32[Layout.PAGE_MAP + page]) === PageMap.LARGE) {
    const isLarge = nbytes > SizeClasses.MEDIUM_REQUEST_THRESHOLD;
    if (isLarge && Large.resize(m, page, nbytes)) return block;
  } else if (staysInPlace(Describe.usableSize(m, page), nbytes)) return block;
  return move(route, page, block, nbytes);
}

/** realloc: `block` is 0 or a block of the domain. */
export function realloc(
  route: Route,
  block: Address,
  nbytes: number,
): Address {
  if (block === 0) return malloc(route, nbytes);
  requireAttached(route, "reallocate");
  const page = Describe.pageOfBlock(
    route.m,
    "reallocate",
    route.domain,
    block,
  );
  const result = resize(route, page, block, nbytes);
  if (result === 0 && route.throws) {
    Failure.realloc(route.name, block, nbytes);
  }
  return result;
}

/**
 * Bytes that a block has room for, at least what was asked for.
 *
 * @throws {PointerError} If it is no block of the domain.
 */
export function sizeOf(route: Route, block: Address): number {
  const { m, domain } = route;
  const page = Describe.pageOfBlock(m, "measure", domain, block);
  return Describe.usableSize(m, page);
}
