/**
 * What workers do under the race detector. This file is transformed as well,
 * so that what it does with words and blocks is looked at, too.
 *
 * ## Threads
 *   The mail is atomic words of a RAW block. Blocks belong to who has their
 *   ticket. The locks of the canaries are what is tested.
 *
 * @module
 */

import { Core } from "../../../src/domains/mod.ts";
import type { Clock } from "../../../src/memory/mod.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../../../src/memory/pointers.ts";
import { Mutex } from "../../../src/sync/mod.ts";
import { SafePoint } from "../../../src/threads/mod.ts";
import { Random } from "../../../src/tools/stress/random.ts";

/** What a script is given. */
export interface Job {
  readonly buffer: SharedArrayBuffer;
  readonly clock: Clock;
  readonly seed: number;
  readonly me: number;
  /** Workers that do the job. Count. */
  readonly workers: number;
  readonly rounds: number;
  /** A RAW block of 64 zeroed words. Word index. */
  readonly words: number;
}

const LETTERS = 8;
const LOCK = 16;
const COUNTER = 32;
const SIZES = [16, 32, 48, 200, 512, 700, 3000];

function take(core: Core.Core, random: Random): number {
  const domain = random.below(3);
  const nbytes = SIZES[random.below(SIZES.length)];
  let block = 0;
  if (domain === 0) block = core.raw.malloc(nbytes);
  else if (domain === 1) block = core.mem.malloc(nbytes);
  else block = core.obj.calloc(1, nbytes);
  if (block === 0) throw new Error(`No memory for ${nbytes} bytes`);
  const { i32 } = core.m;
  i32[block >>> 2] = block;
  i32[(block >>> 2) + 3] = ~block;
  return block | domain;
}

function give(core: Core.Core, ticket: number): void {
  if (ticket === 0) return;
  const { i32 } = core.m;
  const block = ticket & ~15;
  if (i32[block >>> 2] !== block || i32[(block >>> 2) + 3] !== ~block) {
    throw new Error(`The block at ${block} is damaged`);
  }
  if ((ticket & 15) === 0) core.raw.free(block as RawPtr);
  else if ((ticket & 15) === 1) core.mem.free(block as MemPtr);
  else core.obj.free(block as ObjPtr);
}

function live(job: Job, random: Random): void {
  const core = Core.join(job.buffer, job.clock);
  const held: number[] = [];
  core.attach();
  const { i32 } = core.m;
  for (let k = 0; k < 200; k++) {
    if (random.chance(55)) held.push(take(core, random));
    else if (random.chance(50)) give(core, held.shift() ?? 0);
    else {
      const letter = job.words + random.below(LETTERS);
      give(core, Atomics.exchange(i32, letter, held.pop() ?? 0));
    }
    if (k % 4 === 0) SafePoint.safePoint(core.m);
    if (random.chance(2)) {
      core.detach();
      core.attach();
    }
  }
  for (const ticket of held) give(core, ticket);
  core.close();
}

/** Workers join, allocate, free for each other, exit, again and again. */
export function churn(job: Job): void {
  const random = new Random(job.seed, job.me);
  for (let round = 0; round < job.rounds; round++) live(job, random);
}

/** A lock that tests and then sets. */
export function badLock(job: Job): void {
  const core = Core.join(job.buffer, job.clock);
  const { i32 } = core.m;
  for (let round = 0; round < job.rounds; round++) {
    while (Atomics.load(i32, job.words + LOCK) !== 0) Atomics.pause();
    Atomics.store(i32, job.words + LOCK, 1);
    i32[job.words + COUNTER]++;
    Atomics.store(i32, job.words + LOCK, 0);
  }
  core.close();
}

/** A spin lock that is right. */
export function spinLock(job: Job): void {
  const core = Core.join(job.buffer, job.clock);
  const { i32 } = core.m;
  for (let round = 0; round < job.rounds; round++) {
    while (Atomics.compareExchange(i32, job.words + LOCK, 0, 1) !== 0) {
      Atomics.pause();
    }
    i32[job.words + COUNTER]++;
    Atomics.store(i32, job.words + LOCK, 0);
  }
  core.close();
}

/** The mutex of the library. */
export function mutex(job: Job): void {
  const core = Core.join(job.buffer, job.clock);
  const { m } = core;
  for (let round = 0; round < job.rounds; round++) {
    Mutex.lock(m, job.words + LOCK);
    m.i32[job.words + COUNTER]++;
    Mutex.unlock(m, job.words + LOCK);
  }
  core.close();
}

/** Data that is published by a plain flag. */
export function plainFlag(job: Job): void {
  const core = Core.join(job.buffer, job.clock);
  const { i32 } = core.m;
  for (let round = 1; round <= job.rounds; round++) {
    if (job.me === 0) i32[job.words + COUNTER] = round;
    else if (i32[job.words + COUNTER] > round) break;
  }
  core.close();
}
