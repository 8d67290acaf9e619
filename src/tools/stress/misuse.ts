/**
 * Calls that the heap must refuse, made in the middle of the stress: each has
 * to throw a `PointerError`, and to leave the heap as it was.
 *
 * ## Threads
 *   The block that is misused belongs to this worker, so nobody can free it
 *   meanwhile and make a refusal look like luck.
 *
 * @module
 */

import * as BlockRecord from "./block_record.ts";
import type { Hand } from "./hand.ts";
import { PointerError, ThreadStateError } from "./heap.ts";
import { DOMAINS, MEM, OBJ, RAW } from "./sizes.ts";
import * as WorkerRecord from "./worker_record.ts";

/** What is called wrongly. */
const PROBES = 6;

/** True if the heap has debug hooks, to which each mistake is fatal. */
function isFatal(hand: Hand): boolean {
  return hand.task.malloc.endsWith("debug");
}

/** Makes one wrong call about the block in `record`, and verifies the block. */
export function probe(hand: Hand, record: number): void {
  if (isFatal(hand)) return;
  const address = hand.i32[record + BlockRecord.ADDRESS] >>> 0;
  const domain = hand.i32[record + BlockRecord.DOMAIN];
  const other = (domain + 1 + hand.details.below(2)) % DOMAINS.length;
  const size = hand.i32[record + BlockRecord.SIZE] >>> 0;
  const where = `0x${address.toString(16)}, a block of ${DOMAINS[domain]},`;
  switch (hand.details.below(PROBES)) {
    case 0:
    case 1:
    case 2:
      refuseFree(hand, other, address, `Free of ${where} in`);
      break;
    case 3:
      refuseRealloc(hand, other, address, size, `Realloc of ${where} in`);
      break;
    case 4:
      refuseFree(hand, domain, address + 1, "Free of an odd address in");
      break;
    default:
      refuseFree(hand, domain, 64, "Free of an address of the heap's own in");
  }
  hand.i32[hand.record + WorkerRecord.PROBES]++;
  hand.verify(record);
}

function refuseFree(
  hand: Hand,
  domain: number,
  address: number,
  what: string,
): void {
  try {
    hand.calls.free(domain, address, false);
  } catch (error) {
    return requireRefusal(hand, domain, error);
  }
  hand.fail("missed-check", `${what} ${DOMAINS[domain]} was not refused`);
}

function refuseRealloc(
  hand: Hand,
  domain: number,
  address: number,
  size: number,
  what: string,
): void {
  try {
    hand.calls.realloc(domain, address, size);
  } catch (error) {
    return requireRefusal(hand, domain, error);
  }
  hand.fail("missed-check", `${what} ${DOMAINS[domain]} was not refused`);
}

/** Passes on an error that is not the one with which such a call is refused. */
function requireRefusal(hand: Hand, domain: number, error: unknown): void {
  const isDetached = hand.isDetached && domain !== RAW;
  const isRefusal = isDetached
    ? error instanceof ThreadStateError
    : error instanceof PointerError;
  if (!isRefusal) throw error;
}

/** Calls MEM and OBJ while detached, which must be refused. */
export function probeDetached(hand: Hand): void {
  if (isFatal(hand)) return;
  for (const domain of [MEM, OBJ]) {
    let refused = false;
    try {
      hand.calls.malloc(domain, 16);
    } catch (error) {
      requireRefusal(hand, domain, error);
      refused = true;
    }
    const what = `malloc in ${DOMAINS[domain]} while detached`;
    if (!refused) hand.fail("missed-check", `${what} was not refused`);
    hand.i32[hand.record + WorkerRecord.PROBES]++;
  }
}
