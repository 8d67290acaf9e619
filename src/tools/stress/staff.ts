/**
 * Starts the workers of a stress run and hears their last words.
 *
 * ## Threads
 *   Main thread. Each worker has a message channel of its own, so that no
 *   worker can answer for another.
 *
 * @module
 */

import { isDone, type Start } from "../../../workers/protocol.ts";
import type { Finding } from "./finding.ts";
import type { Order } from "./work.ts";

const ENTRY = new URL("../../../workers/stress_worker.ts", import.meta.url);

/** A finding about a worker of which nothing more is known. */
function lost(order: Order, why: string): Finding {
  const { worker, life } = order.task;
  const text = `A worker ended without a word: ${why}`;
  return { kind: "lost-worker", text, worker, life, round: 0, op: 0 };
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
    ours.onmessage = ({ data }: MessageEvent<unknown>) => {
      const odd = lost(order, "it said something else");
      end(isDone(data) ? data.finding : odd);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(lost(order, event.message));
    };
    const start: Start = { kind: "stress", order, port: theirs };
    worker.postMessage(start, [theirs]);
  });
}
