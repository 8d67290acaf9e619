/**
 * Free lists of a sealed heap: looked at before a block is taken.
 *
 * A write into a freed block changes where its link leads. Out of the pool,
 * between two blocks, or to a live block is no place for it to lead; and a list
 * that ends too early has lost blocks that COUNT does not count as handed out.
 *
 * ## Threads
 *   Reads the pool at the head of a ring that the caller holds; plain accesses.
 *
 * @module
 */

import * as PoolRecord from "../layout/pool_record.ts";
import {
  type Address,
  addressOf,
  type Memory,
  pageOf,
  States,
} from "../memory/mod.ts";
import { Policy, SizeClasses } from "../pools/mod.ts";
import { Damage } from "../sync/mod.ts";
import { show } from "../errors.ts";

/** Why a free block of a pool cannot be one, or `""`. */
function faultOf(m: Memory, pool: number, block: Address): string {
  const page = pageOf(pool);
  const offset = block - addressOf(page);
  const szidx = m.i32[pool + PoolRecord.SZIDX];
  const isInside = offset >= 0 && offset < m.i32[pool + PoolRecord.NEXTOFFSET];
  if (!isInside) return "outside of the pool";
  if (!SizeClasses.isBlockStart(szidx, offset)) return "where no block starts";
  return States.isHandedOut(m, block) ? "to a block that is live" : "";
}

/** True if all blocks of a pool but one are handed out. */
function isLastFree(m: Memory, pool: number): boolean {
  const { i32 } = m;
  const szidx = i32[pool + PoolRecord.SZIDX];
  const carved = i32[pool + PoolRecord.NEXTOFFSET] -
    SizeClasses.firstOffset(szidx);
  const count = i32[pool + PoolRecord.COUNT] + 1;
  return count * SizeClasses.blockSize(szidx) === carved;
}

/** Ends the program: a free list is damaged. */
function refuse(m: Memory, pool: number, block: Address, where: string): never {
  Damage.damaged(
    m,
    `something wrote into a freed block of page ${pageOf(pool)}: ` +
      `its free list leads ${where} at ${show(block)}`,
  );
}

/**
 * Makes sure that the block which comes next from a class of pools is free, and
 * that its link leads to another one, or rightly nowhere.
 *
 * @throws {FatalError} If something wrote into a freed block.
 */
export function requireSound(m: Memory, key: number, szidx: number): void {
  const { i32 } = m;
  const pool = i32[Policy.ringOf(m, key, szidx)];
  const block = i32[pool + PoolRecord.FREEBLOCK] >>> 0;
  if (block === 0) return;
  const fault = faultOf(m, pool, block);
  if (fault !== "") refuse(m, pool, block, fault);
  const next = i32[block >>> 2] >>> 0;
  if (next === 0) {
    if (!isLastFree(m, pool)) refuse(m, pool, block, "to an early end");
    return;
  }
  const nextFault = faultOf(m, pool, next);
  if (nextFault !== "") refuse(m, pool, next, nextFault);
}
