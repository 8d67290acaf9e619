/**
 * Putting the debug hooks in place, in this worker and in those that join.
 *
 * ## Invariants
 *   D2  a worker that has followed all changes since X_DEBUG was set has had the
 *       hooks on all three domains
 *
 * ## Threads
 *   Records belong to one worker. What all must know is in `state.ts`.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_SetupDebugHooksDomain(),
 * set_up_debug_hooks_unlocked().
 *
 * @module
 */

import * as PageMap from "../../layout/page_map.ts";
import type { Core } from "../../domains/mod.ts";
import { Fatal } from "../../sync/mod.ts";
import { DebugAllocApi } from "./debug_alloc_api.ts";
import * as Hooks from "./hooks.ts";
import { enable, isEnabled } from "./state.ts";

/** Puts the hooks on top of the record of a domain, unless they are there. */
function install(core: Core.Core, domain: number): void {
  const record = core.allocators.get(domain);
  if (Hooks.isOurs(record)) return;
  const api = new DebugAllocApi(core, domain, record);
  core.allocators.set(domain, Hooks.recordOf(api));
}

/** Puts the hooks on top of the records of all domains of this worker. */
function installAll(core: Core.Core): void {
  install(core, PageMap.RAW);
  install(core, PageMap.MEM);
  install(core, PageMap.OBJ);
}

/**
 * Puts the hooks on top of all records, here and in workers that join later.
 * Twice is once, as long as they are on top.
 *
 * Blocks that were allocated before have no fences: call it before the first.
 *
 * C: `PyMem_SetupDebugHooks()`.
 *
 * @param core The worker's heap.
 */
export function setUp(core: Core.Core): void {
  installAll(core);
  enable(core.m);
}

/**
 * What stands on the engine's own record of a domain.
 *
 * @param core The worker's heap.
 * @param domain Domain number.
 * @returns True if the hooks do, and nothing else; false if nothing does; null
 * if something else does.
 */
export function isOnBase(core: Core.Core, domain: number): boolean | null {
  if (core.allocators.isBase(domain)) return false;
  const record = core.allocators.get(domain);
  if (!Hooks.isOurs(record)) return null;
  const { alloc } = record.ctx as DebugAllocApi;
  return alloc.malloc === core.allocators.base(domain).malloc ? true : null;
}

/** Workers that have the hooks because the heap has. */
const followers = new WeakSet<Core.Core>();

/** Does as the heap says: puts hooks in place once, stops at a verdict. */
function followHeap(core: Core.Core): void {
  if (!Fatal.isOwn(core.m)) Fatal.check(core.m);
  if (!isEnabled(core.m) || followers.has(core)) return;
  followers.add(core);
  installAll(core);
}

/**
 * Has a worker do as the heap says, from now on: hooks that another worker has
 * set up, and fatal errors that it has reported.
 *
 * @param core The worker's heap.
 */
export function follow(core: Core.Core): void {
  core.onAdopt(followHeap);
}
