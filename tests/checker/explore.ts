/**
 * Exhaustive search: depth first, over all states that can be reached.
 *
 * A frame is a state with the actions that are still to be tried there. To go
 * back is to undo the writes since then and to point to the old workers.
 * Without a visited set it is the stateless search that the self-test compares
 * with.
 *
 * @module
 */

import * as Moves from "./moves.ts";
import * as Repeat from "./repeat.ts";
import { type Fault, faultAtEnd, faultOf } from "./checks.ts";
import { mix1, mix2 } from "./hash.ts";
import { type Driver, KILL, type Sleeper, STOP } from "./actions.ts";
import type { Machine } from "./machine.ts";
import type { Finding } from "./model.ts";
import { Visited } from "./visited.ts";
import * as W from "./worker.ts";
import type { WorkerState } from "./worker.ts";

/** How a search goes about it. */
export interface ExploreOptions {
  /** Most preemptions, no bound if absent. */
  readonly bound?: number | undefined;
  /** False: each schedule is run, whether its states are known or not. */
  readonly stateful?: boolean;
  /** Most transitions. */
  readonly limit?: number | undefined;
  /** Transitions after which a search stops that has learned something. */
  readonly patience?: number;
  /** Another hash of each state. */
  readonly seed?: number;
  /** Called with each state at the end of a schedule. */
  onEnd?(machine: Machine): void;
}

/** What a search found. */
export interface Explored {
  /** States. */
  readonly states: number;
  /** Transitions. */
  readonly transitions: number;
  /** Ends of schedules. */
  readonly ends: number;
  /** Whether all was searched. */
  readonly isComplete: boolean;
  /** What is wrong. */
  readonly finding: Finding | undefined;
}

/** No bound: more preemptions than any schedule has. */
const UNBOUNDED = 255;

/** A state and what is to be tried in it. */
interface Frame {
  changes: number;
  h1: number;
  h2: number;
  workers: WorkerState[];
  sleepers: readonly Sleeper[];
  ticksLeft: number;
  killsLeft: number;
  /** The worker that ran last. */
  running: number;
  /** Preemptions left. */
  left: number;
  actions: number[];
  tried: number;
  /** Number of the state. */
  id: number;
}

/** See the head of this file. */
export class Explorer implements Driver {
  readonly #m: Machine;
  readonly #options: ExploreOptions;
  readonly #visited = new Visited();
  readonly #frames: Frame[] = [];
  #depth = 0;
  #running = 0;
  #left: number;
  /** True while the state is that of the last frame. */
  #isAtTop = false;
  #fresh = true;
  #transitions = 0;
  #ends = 0;
  #from = -1;
  #action = -1;
  #finding: Finding | undefined;
  #isCut = false;
  /** Pairs of states, where progress is checked. */
  readonly #edges: number[] = [];
  readonly #endStates: number[] = [];

  /** A search over a machine that is set up. */
  constructor(m: Machine, options: ExploreOptions) {
    this.#m = m;
    this.#options = options;
    this.#left = options.bound ?? UNBOUNDED;
  }

  /** Runs the search. */
  run(): Explored {
    this.#m.run(this);
    if (this.#m.isAbandoned) this.#isCut = true;
    if (!this.#finding && !this.#isCut && this.#m.model.progress) {
      this.#checkProgress();
    }
    return {
      states: this.#options.stateful === false ? 0 : this.#visited.size,
      transitions: this.#transitions,
      ends: this.#ends,
      isComplete: !this.#isCut && !this.#finding,
      finding: this.#finding,
    };
  }

  /** Called by the machine: what happens next? */
  advance(): number {
    if (this.#finding) return STOP;
    if (this.#fresh && !this.#enter()) return STOP;
    for (;;) {
      if (this.#depth === 0) return STOP;
      const frame = this.#frames[this.#depth - 1];
      if (frame.tried === frame.actions.length) {
        this.#depth--;
        this.#isAtTop = false;
        continue;
      }
      const action = frame.actions[frame.tried++];
      if (!this.#isAtTop) this.#restore(frame);
      this.#isAtTop = false;
      this.#account(frame, action);
      this.#from = frame.id;
      this.#action = action;
      this.#fresh = true;
      if (Moves.isPure(this.#m, action)) Moves.applyPure(this.#m, action);
      else if (!Repeat.repeat(this.#m, action)) return action;
      if (!this.#enter()) return STOP;
    }
  }

  /** Called by the machine. */
  found(kind: Finding["kind"], text: string): void {
    this.#finding ??= { kind, text, schedule: this.#path() };
  }

  #fail(fault: Fault): false {
    this.found(fault.kind, fault.text);
    return false;
  }

  /** Looks at the state that was reached. Returns false to stop. */
  #enter(): boolean {
    const m = this.#m;
    this.#fresh = false;
    this.#transitions++;
    if (this.#isEnough()) {
      this.#isCut = true;
      return false;
    }
    const fault = faultOf(m);
    if (fault) return this.#fail(fault);
    if (!this.#isNew()) return true;
    return this.#push();
  }

  #isEnough(): boolean {
    if (this.#transitions > (this.#options.limit ?? Infinity)) return true;
    return this.#transitions > (this.#options.patience ?? Infinity) &&
      this.#m.sharing.learned.length > 0;
  }

  #isNew(): boolean {
    if (this.#options.stateful === false) return true;
    const m = this.#m;
    let h1 = Moves.hash1(m);
    let h2 = Moves.hash2(m);
    if (this.#options.bound !== undefined) {
      h1 = mix1(h1, this.#running);
      h2 = mix2(h2, this.#running);
    }
    if (this.#options.seed) {
      h1 = mix2(h1, this.#options.seed);
      h2 = mix1(h2, this.#options.seed);
    }
    const isNew = this.#visited.visit(h1, h2, this.#left);
    if (m.model.progress && this.#from >= 0) {
      this.#edges.push(this.#from, this.#visited.last);
      this.#labels.push(this.#action);
    }
    return isNew;
  }

  #push(): boolean {
    const m = this.#m;
    const frame = this.#frame();
    this.#depth++;
    frame.changes = m.store.changes;
    frame.h1 = m.store.h1;
    frame.h2 = m.store.h2;
    for (let k = 0; k < m.count; k++) frame.workers[k] = m.workers[k];
    frame.sleepers = m.sleepers;
    frame.ticksLeft = m.ticksLeft;
    frame.killsLeft = m.killsLeft;
    frame.running = this.#running;
    frame.left = this.#left;
    frame.tried = 0;
    frame.id = this.#visited.last;
    Moves.enabled(m, frame.actions, this.#running);
    if (Moves.isStuck(m, frame.actions)) {
      const fault = faultAtEnd(m);
      if (fault) return this.#fail(fault);
      this.#ends++;
      this.#endStates.push(frame.id);
      this.#options.onEnd?.(m);
    }
    this.#isAtTop = true;
    if (this.#options.bound !== undefined) this.#dropUnaffordable(frame);
    return true;
  }

  #frame(): Frame {
    const known = this.#frames[this.#depth];
    if (known) return known;
    const frame: Frame = {
      changes: 0,
      h1: 0,
      h2: 0,
      workers: [],
      sleepers: [],
      ticksLeft: 0,
      killsLeft: 0,
      running: 0,
      left: 0,
      actions: [],
      tried: 0,
      id: 0,
    };
    this.#frames.push(frame);
    return frame;
  }

  #restore(frame: Frame): void {
    const m = this.#m;
    m.store.rewind(frame.changes, frame.h1, frame.h2);
    for (let k = 0; k < m.count; k++) m.workers[k] = frame.workers[k];
    m.sleepers = frame.sleepers;
    m.ticksLeft = frame.ticksLeft;
    m.killsLeft = frame.killsLeft;
  }

  // Preemptions.

  /** Whether an action takes the turn from a worker that could go on. */
  #isPreemption(running: number, action: number): boolean {
    const worker = action >> 8;
    if (worker === running || worker === this.#m.count) return false;
    if ((action & 255) >= KILL) return false;
    if (this.#m.workers[worker].status === W.WOKEN) return false;
    return Moves.moveOf(this.#m, running) === 0;
  }

  #dropUnaffordable(frame: Frame): void {
    if (frame.left > 0) return;
    frame.actions = frame.actions.filter((action) =>
      !this.#isPreemption(frame.running, action)
    );
  }

  #account(frame: Frame, action: number): void {
    const worker = action >> 8;
    this.#running = frame.running;
    this.#left = frame.left;
    if (worker === this.#m.count || (action & 255) >= KILL) return;
    if (this.#m.workers[worker].status === W.WOKEN) return;
    if (
      this.#options.bound !== undefined &&
      this.#isPreemption(frame.running, action)
    ) this.#left--;
    this.#running = worker;
  }

  /** Actions from the start to the state that is being looked at. */
  #path(): number[] {
    const path: number[] = [];
    for (let k = 0; k < this.#depth; k++) {
      const frame = this.#frames[k];
      if (frame.tried > 0) path.push(frame.actions[frame.tried - 1]);
    }
    return path;
  }

  // Progress.

  /** From each state an end can be reached; else there is a livelock. */
  #checkProgress(): void {
    const size = this.#visited.size;
    const edges = this.#edges;
    const starts = new Int32Array(size + 1);
    for (let k = 1; k < edges.length; k += 2) starts[edges[k] + 1]++;
    for (let k = 0; k < size; k++) starts[k + 1] += starts[k];
    const fill = starts.slice();
    const sources = new Int32Array(edges.length / 2);
    for (let k = 0; k < edges.length; k += 2) {
      sources[fill[edges[k + 1]]++] = edges[k];
    }
    const reached = new Uint8Array(size);
    const todo = [...this.#endStates];
    for (const id of todo) reached[id] = 1;
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      for (let k = starts[id]; k < starts[id + 1]; k++) {
        const source = sources[k];
        if (reached[source] === 0) {
          reached[source] = 1;
          todo.push(source);
        }
      }
    }
    const lost = reached.indexOf(0);
    if (lost < 0) return;
    this.#depth = 0;
    const schedule = this.#pathTo(lost);
    const text = "from here no end can be reached any more";
    this.#finding = { kind: "livelock", text, schedule };
  }

  /** States are numbered as they are found, so the first edge leads back. */
  #pathTo(id: number): number[] {
    const parent = new Map<number, number>();
    for (let k = 0; k < this.#edges.length; k += 2) {
      const target = this.#edges[k + 1];
      if (!parent.has(target)) parent.set(target, k / 2);
    }
    const path: number[] = [];
    for (let at = id; at !== 0;) {
      const edge = parent.get(at);
      if (edge === undefined) break;
      path.push(this.#labels[edge]);
      at = this.#edges[2 * edge];
    }
    return path.reverse();
  }

  /** Action of each edge. */
  readonly #labels: number[] = [];
}
