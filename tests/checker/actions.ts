/**
 * Actions: what a driver tells the machine to do next.
 *
 * An action is a number: the worker times 256, plus what it does. The worker
 * behind the last one is the clock.
 *
 * @module
 */

import type { Finding } from "./model.ts";

/** What suspends a worker. */
export const SUSPEND: { readonly suspended: true } = { suspended: true };

/** Kind of action: the worker does what it is about to do. */
export const RUN = 0;
/** Kind of action: the time of a sleeper is over. */
export const TIMEOUT = 1;
/** Kind of action: a sleeper wakes for no reason. */
export const SPURIOUS = 2;
/** Kinds from here: the worker dies, without its last 0, 1, … plain writes. */
export const KILL = 16;
/** No more actions. */
export const STOP: number = -1;
/** Who decides what happens next. */
export interface Driver {
  /** A new state is reached. Returns an action that needs code, or STOP. */
  advance(): number;
  /** Something is wrong. */
  found(kind: Finding["kind"], text: string): void;
}

/** A sleeper. */
export interface Sleeper {
  /** Worker. */
  readonly worker: number;
  /** Word it sleeps on. */
  readonly at: number;
}

/** One line of a trace. */
export interface Event {
  /** Worker. */
  readonly worker: number;
  /** Place in the source, -1 for none. */
  readonly site: number;
  /** What happened. */
  readonly text: string;
}
