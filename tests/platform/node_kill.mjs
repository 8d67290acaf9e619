/**
 * The probe of Node: terminate() stops a worker at once, busy or parked.
 * Prints what was seen as one line of JSON.
 *
 * ## Threads
 *   As `node_worker.mjs`, which is the worker.
 *
 * @module
 */

import { Worker } from "node:worker_threads";

const COUNTER = 0;
const READY = 1;
const GO = 2;
const CAUGHT = 3;
const FINALLY = 4;

async function kill(task) {
  const shared = new Int32Array(new SharedArrayBuffer(64));
  const url = new URL("./node_worker.mjs", import.meta.url);
  const worker = new Worker(url, { workerData: { task, shared } });
  await Atomics.waitAsync(shared, READY, 0, 5000).value;
  const start = performance.now();
  await worker.terminate();
  const ms = performance.now() - start;
  const before = Atomics.load(shared, COUNTER);
  Atomics.store(shared, GO, 1);
  const woken = Atomics.notify(shared, GO);
  Atomics.wait(shared, 15, 0, 100);
  return {
    ms,
    woken,
    runs: Atomics.load(shared, COUNTER) !== before,
    caught: shared[CAUGHT],
    finally: shared[FINALLY],
  };
}

console.log(JSON.stringify({
  busy: await kill("spin"),
  parked: await kill("park"),
}));
