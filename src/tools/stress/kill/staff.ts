/**
 * Starts workers that are to die, and kills them.
 *
 * ## Threads
 *   Main thread. What a worker says after its death is not heard.
 *
 * @module
 */

import { Worker as NodeWorker } from "node:worker_threads";
import { isDone } from "../../../../workers/protocol.ts";
import type { Control } from "../control.ts";
import type { Finding } from "../finding.ts";
import * as WorkerRecord from "../worker_record.ts";
import type { Way } from "./strike.ts";
import { type KillOrder, now } from "./work.ts";

const ENTRY = new URL("../../../../workers/kill_worker.ts", import.meta.url);

/** Ways to die that there are here: workers that can be killed need a file. */
export const WAYS_HERE: readonly Way[] = ENTRY.protocol === "file:"
  ? ["close", "throw", "terminate"]
  : ["close", "throw"];

/** One worker, as the main thread has it. */
export class Member {
  /** What it was told. */
  readonly order: KillOrder;
  /** What it said in the end. */
  finding: Finding | undefined;
  /** True once it has said its last words. */
  isDone = false;
  /** True once it shall die. */
  isDoomed = false;
  /** What it died of, if it was an error. */
  fault = "";
  readonly #control: Control;
  readonly #worker: NodeWorker | Worker;

  /** Starts a worker. */
  constructor(order: KillOrder, control: Control) {
    this.order = order;
    this.#control = control;
    // Only these can be killed; only Web Workers can close themselves.
    this.#worker = order.way === "terminate"
      ? this.#startNode()
      : this.#startWeb();
  }

  /** Its number among the workers of the run. */
  get worker(): number {
    return this.order.task.worker;
  }

  /** Its worker record. Word index. */
  get record(): number {
    return this.#control.record(this.worker);
  }

  /** What `heap.threads.id` is in it, or 0 if it is not yet at work. */
  get id(): number {
    return Atomics.load(this.#control.i32, this.record + WorkerRecord.ID);
  }

  /** Calls of the heap under its number. Count. */
  get ops(): number {
    return this.#control.i32[this.record + WorkerRecord.OPS]; // racy hint
  }

  /** Tells it to die from inside, after `fuse` atomic accesses. */
  doom(fuse: number): void {
    Atomics.store(this.#control.i32, this.record + WorkerRecord.DOOM, fuse);
  }

  /** Kills it, wherever it is. */
  async kill(): Promise<void> {
    this.#control.f64[(this.record + WorkerRecord.DIED_AT) >> 1] = now();
    await this.#worker.terminate();
  }

  #startNode(): NodeWorker {
    const worker = new NodeWorker(ENTRY, { workerData: this.order });
    worker.on("message", (data: unknown) => this.#hear(data));
    worker.on("error", (error: Error) => this.fault = error.message);
    return worker;
  }

  #startWeb(): Worker {
    const worker = new Worker(ENTRY, { type: "module" });
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.fault = event.message;
    };
    worker.postMessage(this.order);
    return worker;
  }

  #hear(data: unknown): void {
    if (!isDone(data)) return;
    this.isDone = true;
    this.finding = data.finding;
  }
}
