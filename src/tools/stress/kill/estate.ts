/**
 * What the dead leave: the call that was under way, slots, and blocks.
 *
 * ## Invariants
 *   K3  of each dead worker one block at most is lost: that of the call that
 *       was under way; of a realloc two, where it died between the allocation
 *       of the new block and the free of the old one
 *   K4  what the heap counts beyond the blocks that stand in records is never
 *       less than 0, and never more than K3 allows, domain by domain
 *
 * ## Threads
 *   Main thread, attached, while all living workers stand still.
 *
 * @module
 */

import { findOverlap, liveRecords } from "../audit.ts";
import * as BlockRecord from "../block_record.ts";
import type { Hand } from "../hand.ts";
import type { CheckReport } from "../heap.ts";
import { DOMAINS, MEM, RAW } from "../sizes.ts";
import * as WorkerRecord from "../worker_record.ts";
import type { Deaths } from "./deaths.ts";
import { busyBy, OWN, SHARED } from "./shape.ts";

/** Size of an arena. Bytes. */
const ARENA_SIZE = 1048576;
/** Safe points and trims until no grace period can be pending. Count. */
const GRACE_PASSES = 3;

/** Settles what the dead leave, and keeps account of it. */
export class Estate {
  readonly #hand: Hand;
  readonly #deaths: Deaths;
  /** Most blocks that may be lost, by domain. Count. */
  readonly #allowed = [0, 0, 0];

  /**
   * @param hand Of the main thread.
   * @param deaths Gets the figures.
   */
  constructor(hand: Hand, deaths: Deaths) {
    this.#hand = hand;
    this.#deaths = deaths;
  }

  /** Ends the call that was under way in a dead worker, and frees its slots. */
  settle(dead: number): void {
    const { i32, control } = this.#hand;
    const record = control.record(dead);
    const pending = i32[record + WorkerRecord.PENDING];
    if (pending !== 0) this.#giveUp(record, pending);
    for (let number = 0; number < SHARED; number++) {
      const slot = control.slot(number);
      if (Atomics.load(i32, slot) !== busyBy(dead)) continue;
      BlockRecord.unlock(i32, slot);
    }
    const { PENDING, IN_OP, DOOM, HELD, HEIR, ID } = WorkerRecord;
    for (const word of [PENDING, IN_OP, DOOM, HELD, HEIR, ID]) {
      Atomics.store(i32, record + word, 0);
    }
    control.f64[(record + WorkerRecord.DIED_AT) >> 1] = 0;
  }

  /** The block of the call that was under way is nobody's any more. */
  #giveUp(record: number, pending: number): void {
    const { i32 } = this.#hand;
    const domain = i32[record + WorkerRecord.DOMAIN];
    const isRealloc = i32[record + WorkerRecord.OP] === WorkerRecord.REALLOC;
    this.#allowed[domain] += isRealloc ? 2 : 1;
    this.#deaths.underWay++;
    i32[pending + BlockRecord.ADDRESS] = 0;
  }

  /** Blocks in the table of a worker. Count. */
  countOf(worker: number): number {
    return this.#tableOf(worker).length;
  }

  /** Verifies and frees the table of a dead worker. */
  freeAll(dead: number): void {
    const records = this.#tableOf(dead);
    for (const record of records) this.#hand.release(record);
    this.#deaths.freed += records.length;
  }

  /** What a main thread with a bug would do instead. */
  forgetAll(dead: number): void {
    for (const record of this.#tableOf(dead)) {
      this.#hand.i32[record + BlockRecord.ADDRESS] = 0;
    }
  }

  #tableOf(worker: number): number[] {
    const { control } = this.#hand;
    const all = Array.from(
      { length: OWN },
      (_, number) => control.entry(worker, number),
    );
    return all.filter((record) => this.#hand.holds(record));
  }

  /**
   * Checks the heap and compares it with the records.
   *
   * @throws {FindingError} If anything is wrong.
   */
  audit(): CheckReport {
    const hand = this.#hand;
    const report = hand.check();
    const live = liveRecords(hand.control);
    const overlap = findOverlap(hand.control, live);
    if (overlap !== "") hand.fail("damaged", overlap);
    this.#account(report, live);
    return report;
  }

  /** Judges what the heap counts beyond the records. */
  #account(report: CheckReport, live: readonly number[]): void {
    const lost = this.#lost(report, live);
    for (let domain = RAW; domain < DOMAINS.length; domain++) {
      // Beside other threads, which may use RAW detached, it is not counted.
      if (domain < MEM && !report.isQuiet) continue;
      const [found, allowed] = [lost[domain], this.#allowed[domain]];
      if (found >= 0 && found <= allowed) continue;
      this.#hand.fail(
        "lost-block",
        `The heap counts ${found} blocks of ${DOMAINS[domain]} more than are ` +
          `alive; calls under way at a death account for ${allowed}`,
      );
    }
    if (report.isQuiet) this.#deaths.leaked = sum(lost);
  }

  #lost(report: CheckReport, live: readonly number[]): number[] {
    const lost = [...report.blocks];
    for (const record of live) {
      lost[this.#hand.i32[record + BlockRecord.DOMAIN]]--;
    }
    return lost;
  }

  /**
   * Frees all that is left and proves the heap empty but for the lost blocks.
   *
   * @throws {FindingError} If anything is wrong.
   */
  proveEmpty(): void {
    const hand = this.#hand;
    const lost = this.#lost(this.audit(), liveRecords(hand.control));
    for (const record of liveRecords(hand.control)) hand.release(record);
    // Empty pools of OBJ wait until all threads have passed a safe point.
    for (let pass = 0; pass < GRACE_PASSES; pass++) {
      hand.heap.threads.safePoint();
      hand.heap.trim();
    }
    this.#requireNothingBut(lost);
  }

  #requireNothingBut(lost: readonly number[]): void {
    const hand = this.#hand;
    const report = hand.check();
    const leaked = sum(lost);
    const { arenas, footprintBytes } = hand.heap.stats();
    const { pools, spans, largeBlocks, remoteBlocks, blocks } = report;
    const beside = footprintBytes - arenas * ARENA_SIZE;
    const places = pools + spans + largeBlocks;
    const wrong = [
      ...blocks.map((count, domain) =>
        count === lost[domain] ? "" : `${count} blocks of ${DOMAINS[domain]}`
      ),
      remoteBlocks === 0 ? "" : `${remoteBlocks} blocks on remote stacks`,
      // Each pool, span or large block that is left must be that of a lost one.
      places <= leaked ? "" : `${places} pools, spans and large blocks`,
      leaked > 0 || beside === 0 ? "" : `${beside} bytes beside the arenas`,
    ].filter((text) => text !== "");
    if (wrong.length === 0) return;
    const text = `All but ${leaked} lost blocks was freed, and yet there are `;
    hand.fail("not-empty", text + wrong.join(", "));
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
