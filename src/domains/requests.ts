/**
 * Requests that the fast paths of the domains pass on: to the record that is
 * installed, or to the engine.
 *
 * Failure for lack of memory, or because the size is none, is 0 or throws, as
 * the route says; misuse always throws.
 *
 * ## Threads
 *   As the engine, `engine.ts`. Whether other workers have changed hook state
 *   is a plain load, a racy hint: a change that is missed is seen by the next
 *   call that comes here.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: PyMem_Malloc(), PyMem_RawCalloc()
 * and their kin.
 *
 * @module
 */

import * as Words from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Address } from "../memory/mod.ts";
import { Suspension } from "../threads/mod.ts";
import type { AnyAllocator } from "./allocator.ts";
import * as Describe from "./describe.ts";
import * as Engine from "./engine.ts";
import * as Failure from "./failure.ts";
import type { Route } from "./route.ts";
import { isProduct, isSize } from "./sizes.ts";

export { isProduct, isSize, PY_SSIZE_T_MAX } from "./sizes.ts";

// Hot: constants of this module fold, imported ones are read.
const X_CHANGES = Layout.ALLOCATORS + Words.X_CHANGES;

/**
 * Before each call: mends what a full stack has cut short, follows changes of
 * hook state, refuses a worker that was revoked.
 *
 * @returns The record of the domain, or null for the engine.
 */
function enter(route: Route): AnyAllocator | null {
  const { m, installed } = route;
  if (m.isCut) route.healer.heal();
  if (m.i32[X_CHANGES] !== installed.seen) route.healer.adopt(); // racy hint
  Suspension.requireNotRevoked(m);
  return installed.records[route.domain];
}

/**
 * True while a record serves MEM or OBJ by RAW: a call that comes then is one
 * that the record makes for itself, and whom the engine works for is set aside.
 */
function isInside(route: Route): boolean {
  return route.installed.client !== null;
}

/** Runs a call that a record makes for itself. */
function aside<T>(route: Route, call: () => T): T {
  const { installed } = route;
  const { client } = installed;
  installed.client = null;
  try {
    return call();
  } finally {
    installed.client = client;
  }
}

// Apart from the calls themselves, where a closure costs each of them.

function mallocAside(route: Route, nbytes: number): Address {
  return aside(route, () => malloc(route, nbytes));
}

function callocAside(route: Route, nelem: number, elsize: number): Address {
  return aside(route, () => calloc(route, nelem, elsize));
}

function reallocAside(route: Route, block: Address, nbytes: number): Address {
  return aside(route, () => realloc(route, block, nbytes));
}

function freeAside(route: Route, block: Address): void {
  aside(route, () => free(route, block));
}

/** malloc behind the fast path. */
export function malloc(route: Route, nbytes: number): Address {
  if (isInside(route)) return mallocAside(route, nbytes);
  const record = enter(route);
  let block = 0;
  if (record === null) block = Engine.malloc(route, nbytes);
  else if (isSize(nbytes)) block = record.malloc(record.ctx, nbytes);
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
  if (isInside(route)) return callocAside(route, nelem, elsize);
  const record = enter(route);
  let block = 0;
  if (record === null) block = Engine.calloc(route, nelem, elsize);
  else if (isProduct(nelem, elsize)) {
    block = record.calloc(record.ctx, nelem, elsize);
  }
  return block === 0 ? refuse(route, nelem, elsize) : block;
}

/** free behind the fast path. */
export function free(route: Route, block: Address): void {
  if (block === 0) return;
  if (isInside(route)) return freeAside(route, block);
  const record = enter(route);
  if (record === null) return Engine.free(route, block);
  requireNumber(route, "free", block);
  record.free(record.ctx, block);
}

/** realloc: `block` is 0 or a block of the domain. */
export function realloc(
  route: Route,
  block: Address,
  nbytes: number,
): Address {
  if (isInside(route)) return reallocAside(route, block, nbytes);
  const record = enter(route);
  let result = 0;
  if (record === null) result = Engine.realloc(route, block, nbytes);
  else {
    requireNumber(route, "reallocate", block);
    if (isSize(nbytes)) result = record.realloc(record.ctx, block, nbytes);
  }
  if (result === 0 && route.throws) refuseRealloc(route, block, nbytes);
  return result;
}

/** Throws because a realloc came to nothing. */
function refuseRealloc(route: Route, block: Address, nbytes: number): never {
  if (block === 0) Failure.malloc(route.name, nbytes);
  Failure.realloc(route.name, block, nbytes);
}

/** Refuses what no record can make sense of. */
function requireNumber(route: Route, verb: string, block: Address): void {
  if (isSize(block)) return;
  Describe.pageOfBlock(route.m, verb, route.domain, block);
}

/**
 * Bytes that a block has room for, at least what was asked for.
 *
 * @throws {PointerError} If it is no block of the domain.
 */
export function sizeOf(route: Route, block: Address): number {
  const record = route.installed.records[route.domain];
  if (record?.sizeOf === undefined) return Engine.sizeOf(route, block);
  requireNumber(route, "measure", block);
  return record.sizeOf(record.ctx, block);
}
