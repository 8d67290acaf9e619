/**
 * Kinds of points where a worker may give way.
 *
 * @module
 */

/** `Atomics.load`, or a plain read marked as a hint. */
export const LOAD = 0;
/** `Atomics.store`. */
export const STORE = 1;
/** `Atomics.add` and its kin, `Atomics.exchange`. */
export const CHANGE = 2;
/** `Atomics.compareExchange`. */
export const CAS = 3;
/** `Atomics.wait`. */
export const WAIT = 4;
/** `Atomics.notify`. */
export const NOTIFY = 5;
/** Plain read. */
export const READ = 6;
/** Plain write. */
export const WRITE = 7;
/** The start of a step. */
export const STEP = 8;
/** Number of kinds. */
export const COUNT = 9;

/** Kinds by the method of `Atomics`, where it is not {@linkcode CHANGE}. */
export const OF_METHOD: Readonly<Record<string, number>> = {
  load: LOAD,
  store: STORE,
  compareExchange: CAS,
  wait: WAIT,
  notify: NOTIFY,
};
