/**
 * Use after free: a free block that is handed out again must still be as the
 * hooks have left it. CPython's hooks do not look.
 *
 * Only a heap with notes can tell that a block was freed before in the pool
 * that it is in now; elsewhere nothing is looked at. The first word is the
 * engine's link. A block may have been shrunk where it stood, so what lies
 * beyond three quarters of it may never have been marked; in the GIL build
 * realloc marks no more than the first 64 bytes of data of the block that it
 * moves away from; in the free-threaded build the first 16 may be of an object.
 * What calloc gets is not looked at: it has been zeroed. Nor is what somebody
 * else has had in between without the hooks: the engine has unmade a word of
 * their mark.
 *
 * ## Threads
 *   Reads a block that the caller has just got and nobody else knows of. Who
 *   does write to it is the mistake that this looks for.
 *
 * @module
 */

import * as DebugBlock from "../../layout/debug_block.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as PageMap from "../../layout/page_map.ts";
import { Describe } from "../../domains/mod.ts";
import type { Address } from "../../memory/mod.ts";
import { Policy } from "../../pools/mod.ts";
import * as Block from "./block.ts";
import { type DebugAllocApi, OBJECT_HEAD } from "./debug_alloc_api.ts";
import { ERASED_SIZE } from "./erase.ts";
import * as Owners from "./owners.ts";
import * as Report from "./report.ts";
import * as Verdict from "./verdict.ts";

const { HEADER } = DebugBlock;
const { NOTES_SIZE } = Describe;

/** Whether a block was freed before, in the pool that it is in. */
function wasFreed(api: DebugAllocApi, base: Address): boolean {
  const { m } = api;
  if (m.lastSealed !== base || m.lastFreer === 0) return false;
  const kind = Policy.kindOf(m.i32[Layout.PAGE_MAP + Owners.pageOf(m, base)]);
  return kind !== PageMap.LARGE && Block.isBuried(m, base, m.lastFence);
}

/**
 * Offset of the first byte of data that was marked for sure. Bytes from the
 * start of the block. `erases` as in {@linkcode DebugAllocApi}.
 *
 * A pool may change its domain while its blocks stay as they are, so this may
 * have been an object.
 */
export function startOf(erases: boolean): number {
  return HEADER + (erases ? 0 : OBJECT_HEAD);
}

/**
 * Offset behind the last byte that was marked for sure. Bytes from the start of
 * the block.
 *
 * @param erases As in {@linkcode DebugAllocApi}.
 * @param space Bytes of the block, its notes included.
 */
export function endOf(erases: boolean, space: number): number {
  // The least that a block of that space is taken for, or shrunk to.
  const least = Math.min(space - 16, Math.floor(3 * space / 16) * 4);
  const kept = least - NOTES_SIZE;
  return erases ? Math.min(kept, HEADER + ERASED_SIZE) : kept;
}

/** Reports that a free block was written to. */
function fail(
  api: DebugAllocApi,
  base: Address,
  from: Address,
  end: Address,
): never {
  const { m } = api;
  const freer = Owners.nameOf(m, m.lastFreer);
  Verdict.fatal(
    m,
    "_PyMem_DebugRawMalloc: bad dead byte: block was written to while free",
    Report.freed(m, base + HEADER, from, end),
    freer === "" ? "" : `Freed by ${freer}.\n`,
  );
}

/**
 * Makes sure that a block that the engine hands out again is as the hooks have
 * left it.
 *
 * @param base What the record below has returned. Byte address.
 * @throws {FatalError} If it was written to.
 */
export function checkFree(api: DebugAllocApi, base: Address): void {
  if (!wasFreed(api, base)) return;
  const { m } = api;
  const space = Describe.spaceOf(m, Owners.pageOf(m, base));
  const end = base + endOf(api.erases, space);
  const from = base + startOf(api.erases); // isBuried() has looked at the header
  if (!Block.isDead(m, from, end)) fail(api, base, from, end);
}
