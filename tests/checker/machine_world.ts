/**
 * The world of a machine as its model sees it, and the clock of the code under
 * test.
 *
 * @module
 */

import { SUSPEND } from "./actions.ts";
import type { Library } from "./loader.ts";
import type { Machine } from "./machine.ts";
import type { World } from "./model.ts";
import * as W from "./worker.ts";

/** Milliseconds that the clock jumps. */
const JUMP_MS = 1_000_000;
/** What a worker reads more on the clock after a time-out. Milliseconds. */
const LATE_MS = 1_000_000_000;

/** See the head of this file. */
export class MachineWorld implements World {
  readonly #machine: Machine;
  /** The clock of the code under test. */
  readonly clock: { now(): number };

  constructor(machine: Machine) {
    this.#machine = machine;
    this.clock = { now: () => now(machine) };
  }

  get i32(): Int32Array<SharedArrayBuffer> {
    return this.#machine.store.words;
  }
  get lib(): Library {
    return this.#machine.lib;
  }
  get workers(): number {
    return this.#machine.count;
  }
  use(buffer: SharedArrayBuffer): void {
    this.#machine.use(buffer);
  }
  context(worker: number): unknown {
    return this.#machine.contexts[worker].root;
  }
  isDead(worker: number): boolean {
    return this.#machine.workers[worker].status === W.DEAD;
  }
  isDone(worker: number): boolean {
    return this.#machine.workers[worker].status === W.DONE;
  }
  stepOf(worker: number): number {
    return this.#machine.workers[worker].step;
  }
  read(at: number): number {
    return access.read(this.i32, at, -1);
  }
  write(at: number, value: number): void {
    access.write(this.i32, at, value, -1);
  }
}

/** Plain accesses of models; `hooks.ts` fills them in. */
export const access = {
  read: (view: Int32Array, at: number, _site: number): number => view[at],
  write: (view: Int32Array, at: number, value: number, _site: number): void => {
    view[at] = value;
  },
};

/** The time, as the code under test reads it. */
function now(machine: Machine): number {
  if (machine.pos < machine.end) {
    return machine.buffer[machine.pos++].value as number;
  }
  if (!machine.direct) {
    if (machine.unwinding) throw SUSPEND;
    if (machine.model.ticks) machine.point(CLOCK_READ);
  }
  const passed = (machine.model.ticks ?? 0) - machine.ticksLeft;
  const time = passed * JUMP_MS + (machine.look() ? LATE_MS : 0);
  if (machine.direct) return time;
  machine.trace(-1, `clock.now() → ${time}`);
  return machine.learn(time);
}

const CLOCK_READ = new W.Pending(W.CLOCK, -1, 0, 0, 0, -1, false);
