/**
 * Entry point of a worker of the torture of objects: waits for its order,
 * works, reports, ends.
 *
 * ## Threads
 *   Ends by itself, never by `terminate()`, which does not stop a worker that
 *   is at work: it would go on writing into the heap.
 *
 * @module
 */

import type { Order } from "../src/tools/stress_objects/actor.ts";
import type { Finding } from "../src/tools/stress_objects/finding.ts";
import { work } from "../src/tools/stress_objects/work.ts";

/** Starts the worker; the first and only message to it. */
export interface Start {
  /** What to do. */
  readonly order: Order;
  /** Where to report; transferred. */
  readonly port: MessagePort;
}

/** The last message of the worker. */
export interface Done {
  /** What it found, or undefined. */
  readonly finding: Finding | undefined;
}

addEventListener("message", function (event: Event): void {
  if (!(event instanceof MessageEvent)) return;
  const { order, port }: Start = event.data;
  const done: Done = { finding: work(order) };
  port.postMessage(done);
  close();
});
