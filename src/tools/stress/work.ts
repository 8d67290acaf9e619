/**
 * One worker of the stress run, from attaching to the last report.
 *
 * ## Invariants
 *   W1  a worker reports exactly once that it is done, whatever happens
 *   W2  a worker that fails raises the stop flag before it reports
 *
 * ## Threads
 *   Runs in the worker, without ever yielding to its event loop.
 *
 * @module
 */

import * as Churn from "./churn.ts";
import { Control, FAILED } from "./control.ts";
import { type Finding, FindingError, Interrupted } from "./finding.ts";
import { Hand } from "./hand.ts";
import { attach, type Heap, type HeapHandle } from "./heap.ts";
import * as Kill from "./kill/shape.ts";
import * as Larson from "./larson.ts";
import * as Mstress from "./mstress.ts";
import { runRounds } from "./rounds.ts";
import type { Task } from "./task.ts";
import { describeCall } from "./watchdog.ts";
import * as WorkerRecord from "./worker_record.ts";
import * as Xmalloc from "./xmalloc.ts";

/** What the main thread gives a worker. Structured-cloneable. */
export interface Order {
  /** What to do. */
  readonly task: Task;
  /** Heap to attach to. */
  readonly handle: HeapHandle;
  /** Control memory, see `control.ts`. */
  readonly control: SharedArrayBuffer;
  /** Address table, see `address_table.ts`. */
  readonly addresses: SharedArrayBuffer;
}

/**
 * Does what a worker is told.
 *
 * @returns What it found, or undefined.
 */
export function work(order: Order): Finding | undefined {
  const { task } = order;
  const control = new Control(order.control, task.workers);
  const record = control.record(task.worker);
  let heap: Heap | undefined;
  let hand: Hand | undefined;
  let found: Finding | undefined;
  try {
    control.i32[record + WorkerRecord.PHASE] = WorkerRecord.ATTACHING;
    heap = attach(order.handle);
    hand = new Hand(heap, control, order.addresses, task);
    runShape(hand);
  } catch (error) {
    found = judge(error, control, task);
    if (found !== undefined) control.raiseStop(FAILED);
  }
  control.i32[record + WorkerRecord.PHASE] = WorkerRecord.CLOSING;
  try {
    (hand?.heap ?? heap)?.close();
  } catch (error) {
    // After a finding the heap may be past closing; the finding says enough.
    if (control.stop !== FAILED) found = judge(error, control, task);
    control.raiseStop(FAILED);
  }
  control.i32[record + WorkerRecord.PHASE] = WorkerRecord.GONE;
  return found;
}

function runShape(hand: Hand): void {
  switch (hand.task.shape) {
    case "larson":
      return runRounds(hand, Larson);
    case "xmalloc":
      return runRounds(hand, Xmalloc);
    case "mstress":
      return runRounds(hand, Mstress);
    case "churn":
      return Churn.live(hand);
    case "kill":
      return Kill.live(hand);
  }
}

/** What an error says, or undefined if another worker has said it. */
export function judge(
  error: unknown,
  control: Control,
  task: Task,
): Finding | undefined {
  if (error instanceof FindingError) return error.finding;
  if (error instanceof Interrupted) return undefined;
  return unexpected(error, control, task);
}

/** A finding about an error that the stress run does not expect. */
export function unexpected(
  error: unknown,
  control: Control,
  task: Task,
): Finding {
  const record = control.record(task.worker);
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    kind: "error",
    text: `${describeCall(control.i32, record)}: ${stack ?? String(error)}`,
    worker: task.worker < task.workers ? task.worker : -1,
    life: task.life,
    round: control.i32[record + WorkerRecord.ROUND],
    op: control.i32[record + WorkerRecord.OPS],
  };
}
