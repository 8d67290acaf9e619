/**
 * Seals: what a heap that wants to know its mistakes keeps of each block.
 *
 * A block is *sealed* while it is live, see `memory/states.ts`; a free breaks
 * the seal, so a second one finds it broken, and so does a free of an address
 * where no block starts. Who broke it is noted:
 *
 * ```text
 *   freed block of a hardened heap
 *   ┌──────┬───────┬───────────────────────────────┐
 *   │ link │ FREER │ whatever the caller left      │
 *   └──────┴───────┴───────────────────────────────┘
 *   block of a heap with debug hooks           usable end
 *   ┌──────────────────────────────────────────┬───────┬──────┐
 *   │ fences, fills, what the caller may use   │ FREER │ BY   │
 *   └──────────────────────────────────────────┴───────┴──────┘
 *   FREER  the address of the block, mixed with the owner id of who freed it;
 *          0 in a block that was never handed out
 *   BY     owner id of who allocated the block
 * ```
 *
 * The notes are for reports; nothing else depends on them.
 *
 * ## Threads
 *   As `memory/states.ts`. The notes of a block are written by who owns it, or
 *   has just broken its seal. A worker that stops between the seal and the free
 *   leaks the block.
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import * as DebugBlock from "../layout/debug_block.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import { type Address, type Memory, States } from "../memory/mod.ts";
import { Policy } from "../pools/mod.ts";
import { Damage } from "../sync/mod.ts";
import * as Describe from "./describe.ts";

/** Low bits of what is mixed into the address of a freed block. */
const FREED = 21;
/** Bits of {@linkcode FREED}. */
const FREED_BITS = 5;

/** What is mixed into the address of a block that `owner` frees. */
export function markOf(owner: number): number {
  return (owner << FREED_BITS) | FREED;
}

/** Word with the FREER of a block whose pool or run starts with `page`. */
function freerOf(m: Memory, page: number, block: Address): number {
  const word = block >>> 2;
  return m.hasNotes ? word + (Describe.spaceOf(m, page) >>> 2) - 2 : word + 1;
}

/** Notes who allocates a block. */
function noteOwner(m: Memory, page: number, block: Address): void {
  const at = freerOf(m, page, block);
  m.i32[at] = 0;
  m.i32[at + 1] = m.owner;
}

/**
 * Notes who allocates a block, and for the debug hooks what it was before. They
 * mark what they free as dead; so that it does not look so any more if somebody
 * has had it without them, a word of that mark goes. But not of what may be an
 * object, whose reference counts others may be looking at.
 */
function noteTaken(m: Memory, block: Address): void {
  const page = Describe.headOf(m, block >>> Layout.PAGE_BITS);
  const fence = (block >>> 2) + DebugBlock.FENCE;
  m.lastSealed = block;
  m.lastFreer = freedBy(m, page, block);
  m.lastFence = m.i32[fence];
  const domain = Policy.domainOf(m.i32[Layout.PAGE_MAP + page]);
  if (domain !== PageMap.OBJ) m.i32[fence] = 0;
  noteOwner(m, page, block);
}

/**
 * Seals a block that was just taken.
 *
 * @throws {FatalError} If it is live: a free list is damaged.
 */
export function seal(m: Memory, block: Address): void {
  if (States.isHandedOut(m, block)) {
    Damage.damaged(
      m,
      `something wrote into a freed block: a free list leads to ` +
        `${show(block)}, a block that is live`,
    );
  }
  if (m.hasNotes) noteTaken(m, block);
  States.raise(m, block);
}

/** Where a large block ends has changed: notes who it belongs to once more. */
export function reseal(m: Memory, page: number, block: Address): void {
  if (m.hasNotes) noteOwner(m, page, block);
}

/** Who allocated a block. Owner id, or 0 if there are no notes. */
export function allocatedBy(m: Memory, page: number, block: Address): number {
  return m.hasNotes ? m.i32[freerOf(m, page, block) + 1] : 0;
}

/**
 * Who freed a block that is not live, or a live one that waits on a remote
 * stack. Owner id, or 0 if it was never handed out or the note is damaged.
 */
export function freedBy(m: Memory, page: number, block: Address): number {
  const noted = m.i32[freerOf(m, page, block)]; // racy hint
  const mark = noted ^ block;
  return (mark & ((1 << FREED_BITS) - 1)) === FREED ? mark >>> FREED_BITS : 0;
}

/** Why a block is not live, as the end of a sentence. */
function faultOf(m: Memory, page: number, block: Address): string {
  const slot = freedBy(m, page, block) & PageMap.SLOT_MASK;
  return slot === 0
    ? "it is not live: it was never allocated, or has been freed"
    : `thread ${slot} has freed it already`;
}

/** Throws because a block is not live. */
export function refuse(
  m: Memory,
  verb: string,
  domain: string,
  page: number,
  block: Address,
): never {
  throw new PointerError(
    `Cannot ${verb} ${show(block)} in the ${domain} domain: ` +
      faultOf(m, page, block),
  );
}

/** Notes that this worker frees a block, which it has for itself. */
function noteFree(m: Memory, page: number, block: Address): void {
  m.i32[freerOf(m, page, block)] = block ^ markOf(m.owner);
}

/**
 * Breaks the seal of a block of a pool that this worker holds.
 *
 * @returns False, and nothing happens, if the block is not live.
 */
export function breakOwn(m: Memory, page: number, block: Address): boolean {
  if (!States.isLive(m, block)) return false;
  States.lower(m, block);
  noteFree(m, page, block);
  return true;
}

/**
 * Breaks the seal of a block of another holder: it is to be pushed on the
 * remote stack of its pool, whose holder lowers its state.
 *
 * @returns False, and nothing happens, if the block is not live.
 */
export function breakForeign(
  m: Memory,
  page: number,
  block: Address,
): boolean {
  if (!States.claim(m, block)) return false;
  noteFree(m, page, block);
  return true;
}

/**
 * Breaks the seal of a large block, which is nobody's afterwards.
 *
 * @returns False, and nothing happens, if the block is not live.
 */
export function breakLarge(m: Memory, page: number, block: Address): boolean {
  if (!breakForeign(m, page, block)) return false;
  States.lower(m, block);
  States.unclaim(m, block);
  return true;
}
