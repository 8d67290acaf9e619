/**
 * A heap without pools for one question: workers with a detached thread state,
 * a clock that each look moves forward, and notes of all words of the
 * protocols.
 *
 * @module
 */

import type { Memory } from "../../src/memory/mod.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Support from "../models/support.ts";
import type { Scene } from "./scene.ts";

/** Looks at the clock after which a loop is said to spin. Count. */
const MANY = 2000;

/** A clock that each look moves forward. */
class Clock {
  /** Milliseconds. */
  time = 1000;
  /** Milliseconds for each look. */
  readonly step: number;
  #looks = 0;

  constructor(step: number) {
    this.step = step;
  }

  now(): number {
    if (++this.#looks > MANY) throw new Error("It spins");
    this.time += this.step;
    return this.time;
  }
}

/** A heap of its own with workers, for one question. */
export class Small {
  /** Workers with a detached thread state. */
  readonly workers: readonly Memory[];
  /** One without a thread state. */
  readonly nobody: Memory;
  /** A word that nobody uses, as a lock or an event. Word index. */
  readonly at: number;
  /** The words. */
  readonly i32: Int32Array<SharedArrayBuffer>;
  /** The clock of all of them. */
  readonly clock: Clock;
  readonly #s: Scene;

  constructor(s: Scene, step: number) {
    const { Create } = Support.memory(s.lib);
    const { ThreadStates, Gil, Qsbr } = Support.threads(s.lib);
    this.#s = s;
    this.clock = new Clock(step);
    const m = Create.create(s.build, Layout.MIN_BYTES, this.clock);
    s.raw.Runs.init(m);
    ThreadStates.init(m);
    Gil.init(m);
    Qsbr.init(m);
    Create.publish(m);
    this.i32 = m.i32;
    this.at = m.firstPage * (Layout.PAGE_SIZE / 4);
    this.nobody = m;
    s.note("new", this.#words([]));
    this.workers = [0, 1, 2].map(() => {
      const worker = Create.open(m.buffer, this.clock);
      ThreadStates.reserve(worker);
      return worker;
    });
  }

  /** Notes the answer, or how the call ended, and all words that matter. */
  ask(name: string, run: () => unknown): void {
    let answer: unknown;
    try {
      answer = run();
    } catch (error) {
      answer = (error as Error).message;
    }
    const { workers } = this;
    this.#s.note(name, answer, this.clock.time, this.#words(workers));
  }

  /** Words of the protocols that are not 0. */
  #words(workers: readonly Memory[]): string {
    const { i32 } = this;
    const words: string[] = [];
    const note = (from: number, to: number) => {
      for (let k = from; k < to; k++) {
        if (i32[k] !== 0) words.push(`${k}:${i32[k]}`);
      }
    };
    note(Layout.HEADER, Layout.HEADER + 16); // of no record: all 0
    note(Layout.HEADER + Header.X_POISON, Layout.HEADER + 64);
    note(Layout.GIL, Layout.RUNS);
    note(Layout.BUCKETS, Layout.BUCKETS + 48);
    for (const { slot } of workers) {
      const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
      note(thread, thread + ThreadState.STAT_GIL_WAITS + 1);
    }
    note(Layout.THREADS, Layout.THREADS + 2 * ThreadState.SIZEOF);
    note(this.at, this.at + 32);
    return words.join(" ");
  }
}

/** A question: its heap is new. */
export type Question = (h: Small, s: Scene) => void;
