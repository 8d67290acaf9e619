/**
 * Clocks: CPU time of this process, wall time, and what other processes took.
 *
 * @module
 */

import process from "node:process";

/** CPU time of this process, all its threads. Nanoseconds. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Wall time from some start of this thread. Nanoseconds. */
export function wallTime(): number {
  return performance.now() * 1e6;
}

/** Adds up the time between `start` and `stop`. */
export class Stopwatch {
  readonly #now: () => number;
  #since = 0;
  /** Time between starts and stops. Nanoseconds. */
  total = 0;

  /** A stopwatch by one of the clocks above. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Starts to count. */
  start(): void {
    this.#since = this.#now();
  }

  /** Stops to count. */
  stop(): void {
    this.total += this.#now() - this.#since;
  }
}

/** CPU time of the whole machine, or -1 where it cannot be read. Nanoseconds. */
function machineTime(): number {
  try {
    const line = Deno.readTextFileSync("/proc/stat").split("\n", 1)[0];
    const [, user, nice, system, , , irq, softirq] = line.split(/\s+/);
    const ticks = [user, nice, system, irq, softirq].map(Number);
    return ticks.reduce((a, b) => a + b) * 1e7;
  } catch {
    return -1;
  }
}

/** Says how much of the machine other processes took meanwhile. */
export class NoiseMeter {
  readonly #machine = machineTime();
  readonly #own = cpuTime();
  readonly #wall = wallTime();

  /** Cores that other processes kept busy since this was made, or null. */
  cores(): number | null {
    const machine = machineTime();
    if (machine < 0 || this.#machine < 0) return null;
    const wall = wallTime() - this.#wall;
    // The kernel counts in ticks of 10 ms: too coarse for a short time.
    if (wall < 5e7) return null;
    const others = machine - this.#machine - (cpuTime() - this.#own);
    return Math.max(0, Math.round((others / wall) * 100) / 100);
  }
}
