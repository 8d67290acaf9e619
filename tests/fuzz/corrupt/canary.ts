/**
 * Planted behaviour that the watchdog must notice: a call that never ends.
 *
 * @module
 */

/** Hangs if the mode is the canary of that name. */
export function faultyHeap(mode: string): void {
  if (mode !== "canary-hang") return;
  const words = new Int32Array(new SharedArrayBuffer(4));
  while (Atomics.load(words, 0) === 0) Atomics.pause();
}
