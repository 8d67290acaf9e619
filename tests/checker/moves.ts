/**
 * What may happen in a state of the machine, what happens without code, and
 * what a state is known by.
 *
 * @module
 */

import { KILL, RUN, type Sleeper, TIMEOUT } from "./actions.ts";
import { mix1, mix2 } from "./hash.ts";
import { ROOT } from "./log.ts";
import type { Machine } from "./machine.ts";
import * as W from "./worker.ts";
import { type Segment, WorkerState } from "./worker.ts";

/** Whether an action needs no code of a worker. */
export function isPure(m: Machine, action: number): boolean {
  return action >> 8 === m.count || (action & 255) >= KILL;
}

/** Does an action that needs no code. */
export function applyPure(m: Machine, action: number): void {
  const worker = action >> 8;
  if (worker === m.count) {
    m.ticksLeft--;
    m.events?.push({ worker, site: -1, text: "the clock jumps" });
  } else kill(m, worker, (action & 255) - KILL);
}

/** A worker dies, before the last few of its plain writes. */
function kill(m: Machine, worker: number, undone: number): void {
  const state = m.workers[worker];
  if (state.segment !== null) undo(m, state.segment, undone);
  m.killsLeft--;
  const dead = new WorkerState(
    worker,
    state.step,
    state.snapshot,
    ROOT,
    W.DEAD,
    W.NOTHING,
    null,
    0,
  );
  m.workers[worker] = m.interner.intern(dead);
  if (m.model.deadLeaveWaitList) m.wakeUp(worker);
  const text = undone > 0
    ? `killed, ${undone} writes earlier`
    : "killed before this";
  m.events?.push({ worker, site: state.pending.site, text });
}

function undo(m: Machine, segment: Segment, count: number): void {
  const last = segment.at.length;
  for (let k = last - 1; k >= last - count; k--) {
    const mask = segment.masks[k];
    const word = m.store.words[segment.at[k]];
    const old = (word & ~mask) | (segment.olds[k] & mask);
    m.store.set(segment.at[k], old);
  }
}

/** Fills a list with the actions that are enabled, `first` in front. */
export function enabled(m: Machine, list: number[], first: number): void {
  list.length = 0;
  const n = m.count;
  for (let worker = 0; worker < n; worker++) {
    if (m.workers[worker].status === W.WOKEN) {
      list.push(worker << 8 | RUN);
      return;
    }
  }
  for (let k = 0; k < n; k++) {
    const worker = first + k < n ? first + k : first + k - n;
    const kind = moveOf(m, worker);
    if (kind >= 0) list.push(worker << 8 | kind);
  }
  if (m.killsLeft > 0) addKills(m, list);
  if (m.ticksLeft > 0 && list.length > 0) list.push(n << 8);
}

/** How a worker can move: RUN, TIMEOUT, or -1. */
export function moveOf(m: Machine, worker: number): number {
  const state = m.workers[worker];
  switch (state.status) {
    case W.READY:
    case W.WOKEN:
      return RUN;
    case W.BLOCKED:
      return state.pending.isTimed ? TIMEOUT : -1;
    case W.GUARDED: {
      const when = m.scripts[worker][state.step].when;
      return when === undefined || when(m.world) ? RUN : -1;
    }
    default:
      return -1;
  }
}

function addKills(m: Machine, list: number[]): void {
  for (let worker = 0; worker < m.count; worker++) {
    const state = m.workers[worker];
    if (state.status === W.DEAD || state.status === W.DONE) continue;
    if (m.model.killable?.(worker) === false) continue;
    const writes = state.segment?.at.length ?? 0;
    for (let k = 0; k <= writes && k < 128; k++) {
      list.push(worker << 8 | (KILL + k));
    }
  }
}

/** Whether a worker sleeps, so that it could wake for no reason. */
export function canWake(m: Machine, worker: number): boolean {
  return m.workers[worker]?.status === W.BLOCKED;
}

/** Whether nothing can happen but kills and jumps of the clock. */
export function isStuck(m: Machine, list: readonly number[]): boolean {
  for (const action of list) {
    if (action >> 8 !== m.count && (action & 255) < KILL) return false;
  }
  return true;
}

/** Whether every worker that lives is done. */
export function isTerminal(m: Machine): boolean {
  return m.workers.every((state, worker) => {
    if (state.status === W.DONE || state.status === W.DEAD) return true;
    return state.status === W.GUARDED &&
      m.scripts[worker][state.step].optional === true;
  });
}

/** Hash of the state, first lane. */
export function hash1(m: Machine): number {
  let h = mix1(m.store.h1, (m.ticksLeft << 8) | m.killsLeft);
  for (let k = 0; k < m.count; k++) h = mix1(h, m.workers[k].h1);
  const list = m.sleepers;
  for (let k = 0; k < list.length; k++) h = (h + sleeperHash(list, k)) | 0;
  return h;
}

/** Hash of the state, second lane. */
export function hash2(m: Machine): number {
  let h = mix2(m.store.h2, (m.ticksLeft << 8) | m.killsLeft);
  for (let k = 0; k < m.count; k++) h = mix2(h, m.workers[k].h2);
  const list = m.sleepers;
  for (let k = 0; k < list.length; k++) {
    h = (h + Math.imul(sleeperHash(list, k), 0x9e3779b1)) | 0;
  }
  return h;
}

/** Hash of who sleeps where, and behind how many others on the same word. */
function sleeperHash(list: readonly Sleeper[], k: number): number {
  let rank = 0;
  for (let j = 0; j < k; j++) if (list[j].at === list[k].at) rank++;
  return mix1(mix1(mix1(0x12835b01, list[k].at), list[k].worker), rank);
}
