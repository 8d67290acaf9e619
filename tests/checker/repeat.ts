/**
 * Transitions from memory: what a worker did once from a place, with the same
 * values, it does again, and its code need not run.
 *
 * @module
 */

import { TIMEOUT } from "./actions.ts";
import type { Machine } from "./machine.ts";
import { ATOMIC_READ } from "./sharing.ts";
import * as W from "./worker.ts";
import type { Outcome, WorkerState } from "./worker.ts";

/**
 * Does an action as it was done before from the same state of the worker.
 * Returns false, and does nothing, if that is not known.
 */
export function repeat(m: Machine, action: number): boolean {
  const worker = action >> 8;
  const state = m.workers[worker];
  if (!m.remembers || m.hasGuard) return false;
  if (state.status === W.READY) return repeatReady(m, worker, state);
  let result: unknown = 0;
  if (state.status !== W.GUARDED) {
    const isVoid = (state.pending.site & 1) !== 0;
    const text = (action & 255) === TIMEOUT ? "timed-out" : "ok";
    result = isVoid ? 0 : text;
  }
  const outcome = known(m, state, result);
  if (!outcome) return false;
  if (state.status === W.GUARDED) m.orderBefore(worker);
  if (state.status === W.BLOCKED) m.wakeUp(worker);
  apply(m, worker, outcome);
  return true;
}

function repeatReady(m: Machine, worker: number, state: WorkerState): boolean {
  const { op, at, a, b, site, isSimple } = state.pending;
  if (!isSimple || (state.outcomes === undefined && op !== W.WAIT)) {
    return false;
  }
  const old = m.store.words[at];
  if (op === W.WAIT) {
    m.sharing.note(at, worker, ATOMIC_READ);
    if (old !== a) return repeatWith(m, worker, state, "not-equal");
    m.workers[worker] = m.interner.intern(state.as(worker, W.BLOCKED));
    m.sleepers = [...m.sleepers, { worker, at }];
    return true;
  }
  if (op === W.NOTIFY) return repeatNotify(m, worker, state);
  const { changes, h1, h2 } = m.store;
  m.store.set(at, W.changed(op, old, a, b));
  const isUnused = (site & 1) !== 0 || op === W.WRITE;
  const result = isUnused ? 0 : op === W.STORE ? a : old;
  if (repeatWith(m, worker, state, result)) return true;
  m.store.rewind(changes, h1, h2);
  return false;
}

function repeatWith(
  m: Machine,
  worker: number,
  state: WorkerState,
  result: unknown,
): boolean {
  const isUnused = (state.pending.site & 1) !== 0;
  const outcome = known(m, state, isUnused ? 0 : result);
  if (!outcome) return false;
  apply(m, worker, outcome);
  return true;
}

function repeatNotify(m: Machine, worker: number, state: WorkerState): boolean {
  const { at, a } = state.pending;
  let count = 0;
  for (const one of m.sleepers) if (one.at === at && count < a) count++;
  const isUnused = (state.pending.site & 1) !== 0;
  const outcome = known(m, state, isUnused ? 0 : count);
  if (!outcome) return false;
  m.notify(at, a);
  apply(m, worker, outcome);
  return true;
}

function known(
  m: Machine,
  state: WorkerState,
  result: unknown,
): Outcome | undefined {
  const words = m.store.words;
  const outcomes = state.outcomes;
  if (outcomes === undefined) return undefined;
  next: for (let k = 0; k < outcomes.length; k++) {
    const outcome = outcomes[k];
    if (outcome.result !== result) continue;
    const reads = outcome.reads;
    for (let j = 0; j < reads.length; j += 2) {
      if (words[reads[j]] !== reads[j + 1]) continue next;
    }
    return outcome;
  }
  return undefined;
}

function apply(m: Machine, worker: number, outcome: Outcome): void {
  const writes = outcome.writes;
  for (let k = 0; k < writes.length; k += 2) {
    m.store.set(writes[k], writes[k + 1]);
  }
  m.workers[worker] = outcome.next;
}
