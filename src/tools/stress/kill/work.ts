/**
 * One worker of the run that kills, from its certificate to its end.
 *
 * ## Threads
 *   Runs in the worker. The work is done inside a Web Lock: only then does
 *   `terminate()` stop a worker of `node:worker_threads` in Deno.
 *
 * @module
 */

import type { Done } from "../../../../workers/protocol.ts";
import { Control, FAILED } from "../control.ts";
import type { Finding } from "../finding.ts";
import { Hand } from "../hand.ts";
import { attach, type Heap } from "../heap.ts";
import { judge, type Order } from "../work.ts";
import * as WorkerRecord from "../worker_record.ts";
import * as Shape from "./shape.ts";
import { hasStruck, prepare, type Way } from "./strike.ts";

/** What the main thread gives a worker that is to die. Structured-cloneable. */
export interface KillOrder extends Order {
  /** How it dies when it is told to. */
  readonly way: Way;
}

/** What is used of `navigator.locks`. */
interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean },
    work: (lock: unknown) => T | Promise<T>,
  ): Promise<T>;
}

function locks(): Locks {
  return Reflect.get(navigator, "locks");
}

/** Name of the lock in which a worker works. */
function lockOf(id: number): string {
  return `obmalloc stress:${Deno.pid}:${id}`;
}

/** Whether a worker that was at work has ended. */
export function hasEnded(id: number): Promise<boolean> {
  const options = { ifAvailable: true };
  return locks().request(lockOf(id), options, (lock) => lock !== null);
}

/** The time, counted from the same moment in all workers. Milliseconds. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

function setPhase(control: Control, worker: number, phase: number): void {
  control.i32[control.record(worker) + WorkerRecord.PHASE] = phase;
}

/** Prepares the death from inside, if that is how this worker dies. */
function prepareEnd(order: KillOrder, control: Control, close: () => void) {
  if (order.way === "terminate") return;
  const at = control.record(order.task.worker) + WorkerRecord.DIED_AT;
  prepare(() => {
    control.f64[at >> 1] = now();
    if (order.way === "close") close();
    else throw new Error("Thrown in the middle of a call");
  });
}

/** Joins the heap with a certificate; detached while it waits for that. */
async function join(order: KillOrder): Promise<Heap> {
  const heap = attach(order.handle);
  heap.threads.detach();
  if (!await heap.certify()) throw new Error("There are no Web Locks here");
  heap.threads.attach();
  return heap;
}

/** Works; an error that is the worker's death is passed on. */
function perform(order: KillOrder, control: Control, heap: Heap) {
  const { task } = order;
  let found: Finding | undefined;
  try {
    Shape.live(new Hand(heap, control, order.addresses, task));
  } catch (error) {
    if (hasStruck()) throw error;
    found = judge(error, control, task);
  }
  if (found !== undefined) control.raiseStop(FAILED);
  setPhase(control, task.worker, WorkerRecord.CLOSING);
  // After a finding the heap may be past closing.
  if (control.stop !== FAILED) heap.close();
  setPhase(control, task.worker, WorkerRecord.GONE);
  return found;
}

/**
 * Does what a worker is told, until it dies or the run is over.
 *
 * @param order What to do.
 * @param say Takes the last words, if there are any.
 * @param close Ends the worker.
 */
export async function workUntilDeath(
  order: KillOrder,
  say: (done: Done) => void,
  close: () => void,
): Promise<void> {
  const { task } = order;
  const control = new Control(order.control, task.workers);
  prepareEnd(order, control, close);
  setPhase(control, task.worker, WorkerRecord.ATTACHING);
  const heap = await join(order);
  await locks().request(lockOf(heap.threads.id), {}, () => {
    try {
      say({ kind: "done", finding: perform(order, control, heap) });
    } catch (error) {
      // Nobody has caught its death before us, and nothing of the heap is
      // called any more.
      if (!hasStruck()) throw error;
    }
    close();
    // The lock is released when the worker has ended.
    return hasStruck() ? new Promise<void>(() => {}) : undefined;
  });
}
