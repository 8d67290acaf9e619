/**
 * What the records of all live blocks say together.
 *
 * ## Threads
 *   Exact only while nobody moves blocks: between rounds, and at the end. The
 *   description of damage looks at a moving picture and says so.
 *
 * @module
 */

import * as BlockRecord from "./block_record.ts";
import { type Control, forEachRecord } from "./control.ts";
import { byteAt, type Bytes, type Words } from "./pattern.ts";
import { DOMAINS } from "./sizes.ts";

/** Address, size, domain, owner and serial of a block in words. */
export function describeBlock(i32: Words, record: number): string {
  const address = (i32[record + BlockRecord.ADDRESS] >>> 0).toString(16);
  const size = i32[record + BlockRecord.SIZE] >>> 0;
  const domain = DOMAINS[i32[record + BlockRecord.DOMAIN]];
  const owner = i32[record + BlockRecord.OWNER];
  const serial = i32[record + BlockRecord.SERIAL];
  const worker = `worker ${(owner & 255) - 1}, life ${owner >> 8}`;
  return `0x${address} (${size} bytes, ${domain}, ${worker}, no. ${serial})`;
}

/** Damage to a block in words, with other blocks in the same place. */
export function describeDamage(
  control: Control,
  bytes: Bytes,
  record: number,
  offset: number,
  signature: number,
): string {
  const { i32 } = control;
  const at = (i32[record + BlockRecord.ADDRESS] >>> 0) + offset;
  const wanted = byteAt(signature, offset).toString(16);
  const found = bytes[at].toString(16);
  const others = blocksAt(control, at, record);
  return `Block ${describeBlock(i32, record)} has 0x${found} at +${offset}, ` +
    `where 0x${wanted} was written; ` +
    (others.length === 0
      ? "no other live block is known there"
      : `there is also ${others.join(", ")}`);
}

function blocksAt(control: Control, at: number, except: number): string[] {
  const { i32 } = control;
  const found: string[] = [];
  forEachRecord(control, (record) => {
    const address = i32[record + BlockRecord.ADDRESS] >>> 0; // racy hint
    const size = i32[record + BlockRecord.SIZE] >>> 0;
    if (record === except || address === 0) return;
    if (at >= address && at < address + size) {
      found.push(describeBlock(i32, record));
    }
  });
  return found;
}

/** All blocks that stand in records. */
export function liveRecords(control: Control): number[] {
  const { i32 } = control;
  const records: number[] = [];
  forEachRecord(control, (record) => {
    if (i32[record + BlockRecord.ADDRESS] !== 0) records.push(record);
  });
  return records;
}

/**
 * Looks for two live blocks that share an address, by address and size alone.
 *
 * @returns The fault in words, or "".
 */
export function findOverlap(control: Control, records: number[]): string {
  const { i32 } = control;
  const start = (record: number) => i32[record + BlockRecord.ADDRESS] >>> 0;
  const sorted = records.toSorted((a, b) => start(a) - start(b));
  for (let k = 1; k < sorted.length; k++) {
    const [low, high] = [sorted[k - 1], sorted[k]];
    const end = start(low) + Math.max(1, i32[low + BlockRecord.SIZE] >>> 0);
    if (end <= start(high)) continue;
    const [one, other] = [describeBlock(i32, low), describeBlock(i32, high)];
    return `Blocks ${one} and ${other} overlap`;
  }
  return "";
}
