/**
 * Whoever works while others die, and whoever dies: by being killed, by
 * `self.close()`, by an error in the middle of a call, by a full stack.
 *
 * A Web Worker, or a worker of `node:worker_threads`, in Deno or in Node.
 *
 * ## Threads
 *   Its ledger is its own; see `ledger.ts` and `churn.ts`.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import { attach, type HeapHandle } from "../../../mod.ts";
import { Random } from "../../../src/tools/stress/random.ts";
import { Churner } from "./churn.ts";
import { GO, ID, READY, SLOT, type Words } from "./ledger.ts";

/** How a worker comes to its end. */
export type Role = "survivor" | "kill" | "close" | "throw" | "overflow";

/** What a worker is given. */
export interface Part {
  readonly role: Role;
  readonly handle: HeapHandle;
  readonly ledger: Words;
  readonly mail: Words;
  readonly seed: number;
  /** Atomic accesses, or calls, before a close, throw or overflow. Count. */
  readonly fuse: number;
}

declare const self: DedicatedWorkerGlobalScope;

/** What is used of `navigator.locks`. */
interface Locks {
  request(name: string, work: () => void): Promise<void>;
}

/** Runs `work` in a Web Lock, so that terminate() stops it; see the probes. */
function inLock(name: string, work: () => void): void {
  const { navigator } = globalThis as { navigator?: { locks?: Locks } };
  if (navigator?.locks) navigator.locks.request(name, work);
  else work();
}

/** Calls `end` in the place of the n-th atomic access from now on. */
function arm(fuse: number, end: () => void): void {
  let left = fuse;
  for (
    const name of [
      "load",
      "store",
      "exchange",
      "compareExchange",
      "add",
      "sub",
      "and",
      "or",
      "notify",
    ] as const
  ) {
    const native = Atomics[name] as (...args: unknown[]) => unknown;
    Reflect.set(Atomics, name, (...args: unknown[]) => {
      if (--left === 0) end();
      return native(...args);
    });
  }
}

/** Works in ever deeper calls, until the stack is full. */
function dive(churner: Churner, pad: number[]): void {
  churner.act();
  Reflect.apply(dive, undefined, [churner, pad, ...pad]);
}

function perform(part: Part, churner: Churner): void {
  switch (part.role) {
    case "close":
      arm(part.fuse, () => self.close());
      break;
    case "throw":
      arm(part.fuse, () => {
        throw new Error("Thrown in the middle of a call");
      });
      break;
    case "overflow":
      churner.churn(100);
      dive(churner, new Array<number>(part.fuse % 48).fill(0));
  }
  churner.churn();
}

async function start(part: Part): Promise<void> {
  const heap = attach(part.handle);
  const random = new Random(part.seed);
  const churner = new Churner(heap, part.ledger, part.mail, random);
  heap.threads.detach();
  await heap.certify();
  Atomics.store(part.ledger, SLOT, heap.threads.slot);
  Atomics.store(part.ledger, ID, heap.threads.id);
  Atomics.store(part.ledger, READY, 1);
  // Detached: who waits here holds nobody up. Node would end a worker that
  // waits for nothing else.
  const alive = setInterval(() => {}, 1000);
  await Atomics.waitAsync(part.ledger, GO, 0).value;
  clearInterval(alive);
  heap.threads.attach();
  inLock(`work of ${heap.threads.id}`, () => {
    perform(part, churner);
    // Only who was told to stop comes here.
    churner.freeAll();
    heap.close();
    if (parentPort) parentPort.postMessage("done");
    else self.postMessage("done");
  });
}

if (workerData?.ledger) start(workerData as Part);
else self.onmessage = ({ data }: MessageEvent<Part>) => start(data);
