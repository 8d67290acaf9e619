/**
 * The workloads of two threads, W5 and W6: how they are started and timed.
 *
 * Each thread is a worker (`worker.ts`) that joined the measured memory; the
 * thread that started them sleeps. Both start from one barrier, and wall time
 * counts.
 *
 * ## Threads
 *   See `control.ts`.
 *
 * @module
 */

import { NoiseMeter } from "./clock.ts";
import { type Answer, ITEMS, STEPS, type Task } from "./control.ts";
import type { Sampled } from "./result.ts";
import { subject } from "./subject.ts";
import { SUMS } from "./workloads.ts";

function startWorker(task: Task): Promise<Answer> {
  const url = new URL("./worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<Answer>) => {
      resolve(event.data);
      worker.terminate();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(task);
  });
}

function figuresOf(workload: string, one: Answer, two: Answer) {
  const last = one.elapsed.map((ns, k) => Math.max(ns, two.elapsed[k]));
  if (workload === "W6") return { W6: last.map((ns) => ns / ITEMS) };
  return {
    W5x2: one.elapsed.map((ns, k) => (ns + two.elapsed[k]) / 2 / STEPS),
    W5x2wall: last.map((ns) => ns / 2 / STEPS),
  };
}

function findingsOf(
  workload: string,
  one: Answer,
  two: Answer,
  keeps: boolean,
): string[] {
  const expected = workload === "W6"
    ? [SUMS.W6, 0]
    : [SUMS.W5, SUMS["W5 of the second thread"]];
  const sums = [one.sums[0], two.sums[0]];
  const findings: string[] = [];
  if (sums.join() !== expected.join()) {
    findings.push(`${workload}: sums ${sums}, expected ${expected}`);
  }
  if (keeps && workload === "W6" && one.payload !== two.payload) {
    findings.push(`W6: sent ${one.payload}, read ${two.payload}`);
  }
  return findings;
}

/** Measures W5x2 or W6 by two workers on the subject's memory. */
export async function measureShared(
  workload: string,
  adapterName: string,
  samples: number,
): Promise<Sampled> {
  const { adapter, control } = subject();
  new Int32Array(control).fill(0); // of the workload before
  const task = { adapter: adapterName, handle: adapter.handle, control };
  adapter.leave();
  const noise = new NoiseMeter();
  const [one, two] = await Promise.all(
    [0, 1].map((party) => startWorker({ ...task, workload, party, samples })),
  );
  const others = noise.cores();
  adapter.enter();
  const findings = findingsOf(workload, one, two, adapter.keeps);
  const figures: Record<string, number[]> = figuresOf(workload, one, two);
  return { figures, sums: [...one.sums, ...two.sums], others, findings };
}
