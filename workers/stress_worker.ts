/**
 * Entry point of a stress worker: waits for its order, works, reports, ends.
 *
 * ## Threads
 *   Ends by itself, never by `terminate()`, which does not stop a worker that
 *   is at work: it would go on writing into the heap.
 *
 * @module
 */

import { work } from "../src/tools/stress/work.ts";
import { type Done, isStart } from "./protocol.ts";

addEventListener("message", function (event: Event): void {
  if (!(event instanceof MessageEvent) || !isStart(event.data)) return;
  const { order, port } = event.data;
  const done: Done = { kind: "done", finding: work(order) };
  port.postMessage(done);
  close();
});
