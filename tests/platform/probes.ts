/**
 * What the platform does with workers that end: one probe a call, in a process
 * of its own, because workers that cannot be stopped keep a process alive.
 *
 * ```sh
 * deno run -A tests/platform/probes.ts busy
 * ```
 *
 * prints what was seen as one line of JSON. `platform_test.ts` says what must
 * be seen.
 *
 * ## Threads
 *   Main and worker share the words of `probe_words.ts`: COUNTER and the marks
 *   are written by the worker, GO by main; all accesses are atomic.
 *
 * @module
 */

import { Worker as NodeWorker } from "node:worker_threads";
import { locks } from "./web_locks.ts";
import { CAUGHT, COUNTER, FINALLY, GO, READY, WORDS } from "./probe_words.ts";

/** What a probe saw. */
export type Seen = Record<string, unknown>;

/** Time until a worker must have done what it is asked for. Milliseconds. */
const PATIENCE_MS = 5000;
/** How long a worker is watched after it was told to end. Milliseconds. */
const WATCH_MS = 150;

const ENTRY = new URL("./probe_worker.ts", import.meta.url);
const NODE_ENTRY = new URL("./node_worker.mjs", import.meta.url);

function words(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(WORDS * 4));
}

/** Waits until a word is not 0. */
async function until(
  shared: Int32Array<SharedArrayBuffer>,
  at: number,
): Promise<void> {
  const answer = Atomics.waitAsync(shared, at, 0, PATIENCE_MS);
  if (answer.async && await answer.value === "timed-out") {
    throw new Error(`Word ${at} is still 0 after ${PATIENCE_MS} ms`);
  }
}

/** Lets the event loop of this thread run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Milliseconds from now to the last change of the counter in the next while. */
async function lastChange(
  shared: Int32Array<SharedArrayBuffer>,
): Promise<number> {
  const start = performance.now();
  let seen = Atomics.load(shared, COUNTER);
  let changed = 0;
  for (let at = 0; at < WATCH_MS; at = performance.now() - start) {
    const count = Atomics.load(shared, COUNTER);
    if (count !== seen) changed = at;
    seen = count;
    await turn();
  }
  return changed;
}

/** A Web Worker at a task. */
async function webWorker(
  task: string,
  shared: Int32Array<SharedArrayBuffer>,
): Promise<Worker> {
  const worker = new Worker(ENTRY, { type: "module" });
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.postMessage({ task, shared });
  await until(shared, READY);
  return worker;
}

/** A worker of `node:worker_threads` at a task. */
async function nodeWorker(
  task: string,
  shared: Int32Array<SharedArrayBuffer>,
): Promise<NodeWorker> {
  const worker = new NodeWorker(NODE_ENTRY, { workerData: { task, shared } });
  worker.on("error", () => {});
  await until(shared, READY);
  return worker;
}

/**
 * Whether somebody holds the lock of the tasks, asked in two ways. It may be
 * given back between the two, but nobody takes it then.
 */
async function isHeld(): Promise<boolean> {
  const { held } = await locks.query();
  const isListed = held.some(({ name }) => name === "certificate");
  const isFree = await locks.request(
    "certificate",
    { ifAvailable: true },
    (lock) => lock !== null,
  );
  if (!isListed && !isFree) {
    throw new Error("query() says that it is free, request() that it is not");
  }
  return !isFree;
}

/** Whether the lock is given back in time after `end`. */
async function isReleasedBy(
  end: () => unknown,
  patienceMs: number = PATIENCE_MS,
): Promise<boolean> {
  if (!await isHeld()) throw new Error("The worker does not hold the lock");
  await end();
  const deadline = performance.now() + patienceMs;
  while (await isHeld()) {
    if (performance.now() > deadline) return false;
    await turn();
  }
  return true;
}

/** Gives a worker that is about to park the time to do so. */
async function settle(): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < 10) await turn();
}

/** Parks four workers one after the other and wakes them one by one. */
async function wakeInTurn(): Promise<number[]> {
  const shared = words();
  const order: number[] = [];
  for (let number = 0; number < 4; number++) {
    const worker = new Worker(ENTRY, { type: "module" });
    worker.onmessage = ({ data }) => order.push(data);
    worker.postMessage({ task: "queue", shared, number });
    await until(shared, READY);
    Atomics.store(shared, READY, 0);
    await settle();
  }
  for (let woken = 0; woken < 4; woken++) {
    Atomics.notify(shared, GO, 1);
    while (order.length === woken) await turn();
  }
  return order;
}

function tell(shared: Int32Array<SharedArrayBuffer>): number {
  Atomics.store(shared, GO, 1);
  return Atomics.notify(shared, GO);
}

const probes: Record<string, () => Promise<Seen>> = {
  /** terminate() of a Web Worker that is busy. */
  async busy() {
    const shared = words();
    (await webWorker("spin", shared)).terminate();
    return { livesOn: await lastChange(shared) > WATCH_MS / 2 };
  },

  /** terminate() of a Web Worker that is parked, and a notify afterwards. */
  async zombie() {
    const shared = words();
    (await webWorker("park", shared)).terminate();
    await lastChange(shared);
    const woken = tell(shared);
    await until(shared, COUNTER);
    return { woken, runs: Atomics.load(shared, COUNTER) === 1 };
  },

  /** terminate() of a worker of node:worker_threads that is busy. */
  async node_busy() {
    const shared = words();
    await (await nodeWorker("spin", shared)).terminate();
    return { livesOn: await lastChange(shared) > WATCH_MS / 2 };
  },

  /** The same, if what it does runs inside a Web Lock. */
  async kill() {
    const shared = words();
    const worker = await nodeWorker("spin in lock", shared);
    const start = performance.now();
    worker.terminate();
    const ms = performance.now() - start + await lastChange(shared);
    return {
      ms,
      counted: Atomics.load(shared, COUNTER) > 0,
      caught: Atomics.load(shared, CAUGHT),
      finally: Atomics.load(shared, FINALLY),
    };
  },

  /** The same, if it sleeps in Atomics.wait. */
  async kill_parked() {
    const shared = words();
    const worker = await nodeWorker("park in lock", shared);
    worker.terminate();
    await lastChange(shared);
    const woken = tell(shared);
    await lastChange(shared);
    return {
      woken,
      runs: Atomics.load(shared, COUNTER) !== 0,
      caught: Atomics.load(shared, CAUGHT),
      finally: Atomics.load(shared, FINALLY),
    };
  },

  /** Who holds a Web Lock and ends gives it back. */
  async certificate() {
    const seen: Seen = {};
    for (const task of ["close", "throw"]) {
      const shared = words();
      const worker = await webWorker(`certify, then ${task}`, shared);
      seen[task] = await isReleasedBy(() => worker.postMessage("end"));
    }
    const idle = await webWorker("certify, then close", words());
    seen.terminate = await isReleasedBy(() => idle.terminate());
    const killed = await nodeWorker("certify and spin", words());
    seen.kill = await isReleasedBy(() => killed.terminate());
    return seen;
  },

  /** A busy worker that was terminated: is its lock a proof of death? */
  async certificate_of_zombie() {
    const shared = words();
    const worker = await webWorker("certify, then spin", shared);
    const released = await isReleasedBy(() => worker.terminate(), WATCH_MS);
    return { released, livesOn: await lastChange(shared) > WATCH_MS / 2 };
  },

  /**
   * The order in which parked workers are woken. Nothing tells that a worker is
   * parked already, so one that came late may spoil the first tries.
   */
  async order() {
    let order: number[] = [];
    for (let tries = 0; tries < 3; tries++) {
      order = await wakeInTurn();
      if (order.join() === "0,1,2,3") break;
    }
    return { order };
  },

  /** Stack overflows: where do they land, and does the worker live on? */
  async overflow() {
    const shared = words();
    const worker = new Worker(ENTRY, { type: "module" });
    const answer = Promise.withResolvers<Seen>();
    worker.onmessage = ({ data }) => answer.resolve(data);
    worker.postMessage({ task: "overflow", shared });
    return await answer.promise;
  },
};

if (import.meta.main) {
  console.log(JSON.stringify(await probes[Deno.args[0]]()));
  Deno.exit(0); // zombies would keep us
}
