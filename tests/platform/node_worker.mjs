/**
 * The worker of `node:worker_threads` of the probes, for Deno and for Node.
 * Plain JavaScript, because Node reads it as it is.
 *
 * ## Threads
 *   Words of `probe_words.ts`, atomic accesses only.
 *
 * @module
 */

import { workerData } from "node:worker_threads";

const COUNTER = 0;
const READY = 1;
const GO = 2;
const CAUGHT = 3;
const FINALLY = 4;
const { task, shared } = workerData;

function ready() {
  Atomics.store(shared, READY, 1);
  Atomics.notify(shared, READY);
}

function spin() {
  ready();
  try {
    for (;;) Atomics.add(shared, COUNTER, 1);
  } catch {
    Atomics.store(shared, CAUGHT, 1);
  } finally {
    Atomics.store(shared, FINALLY, 1);
  }
}

function park() {
  ready();
  try {
    Atomics.wait(shared, GO, 0);
    Atomics.add(shared, COUNTER, 1);
  } catch {
    Atomics.store(shared, CAUGHT, 1);
  } finally {
    Atomics.store(shared, FINALLY, 1);
  }
}

const tasks = {
  "spin": spin,
  "park": park,
  "spin in lock": () => navigator.locks.request("work", spin),
  "park in lock": () => navigator.locks.request("work", park),
  "certify and spin": () => navigator.locks.request("certificate", spin),
};

tasks[task]();
