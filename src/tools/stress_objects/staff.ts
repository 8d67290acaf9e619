/**
 * Starts the workers of the torture of objects and hears their last words.
 *
 * ## Threads
 *   Main thread. Each worker has a message channel of its own.
 *
 * @module
 */

import type { Done, Start } from "../../../workers/objects_stress.ts";
import type { Order } from "./actor.ts";
import type { Finding } from "./finding.ts";

const ENTRY = new URL("../../../workers/objects_stress.ts", import.meta.url);

/** A finding about a worker of which nothing more is known. */
function lost(order: Order, why: string): Finding {
  const text = `A worker ended without a word: ${why}`;
  return { kind: "lost-worker", text, worker: order.worker, op: 0 };
}

/**
 * Starts a worker with an order.
 *
 * @returns Settles when the worker is done, with what it found.
 */
export function employ(order: Order): Promise<Finding | undefined> {
  const worker = new Worker(ENTRY, { type: "module" });
  const { port1: ours, port2: theirs } = new MessageChannel();
  return new Promise((resolve) => {
    function end(finding: Finding | undefined): void {
      ours.close();
      resolve(finding);
    }
    ours.onmessage = ({ data }: MessageEvent<Done>) => end(data.finding);
    worker.onerror = (event) => {
      event.preventDefault();
      end(lost(order, event.message));
    };
    const start: Start = { order, port: theirs };
    worker.postMessage(start, [theirs]);
  });
}
