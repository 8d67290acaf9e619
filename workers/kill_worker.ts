/**
 * Entry point of a stress worker that is to die: a Web Worker, which gets its
 * order as a message, or a worker of `node:worker_threads`, which can be
 * killed and has it from the start.
 *
 * ## Threads
 *   Whatever ends it, nothing of its own comes after that.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import {
  type KillOrder,
  workUntilDeath,
} from "../src/tools/stress/kill/work.ts";
import type { Done } from "./protocol.ts";

declare const self: DedicatedWorkerGlobalScope;

function isOrder(data: unknown): data is KillOrder {
  return typeof data === "object" && data !== null && "task" in data &&
    "way" in data;
}

function say(done: Done): void {
  if (parentPort) parentPort.postMessage(done);
  else self.postMessage(done);
}

async function start(order: KillOrder): Promise<void> {
  await workUntilDeath(order, say, () => {
    if (!parentPort) self.close(); // else it ends when it has nothing to do
  });
}

if (isOrder(workerData)) start(workerData);
else {
  self.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (isOrder(data)) start(data);
  };
}
