/**
 * What the collector prints of itself, if `debug` says so.
 *
 * ## Threads
 *   Reads only, and writes to the worker's standard error stream.
 *
 * Source: CPython 3.13 Python/gc.c: gc_collect_main(), debug_cycle(),
 * show_stats_each_generations(); Include/internal/pycore_gc.h.
 * Differs: there are no finalizers of the old kind, hence no object that could
 * not be collected.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Layout from "../layout/memory_map.ts";
import { Debug } from "../hooks/mod.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "../objects/mod.ts";
import * as GcList from "./gc_list.ts";

/** Flag of `debug`: prints figures of each collection. C: _PyGC_DEBUG_STATS. */
export const STATS = 1;
/** Flag: prints what is collected. C: _PyGC_DEBUG_COLLECTABLE. */
export const COLLECTABLE = 2;
/** Flag: prints what cannot be. C: _PyGC_DEBUG_UNCOLLECTABLE. */
export const UNCOLLECTABLE = 4;
/** Flag: what is unreachable goes to `garbage`. C: _PyGC_DEBUG_SAVEALL. */
export const SAVEALL = 32;
/** These flags but the first. C: _PyGC_DEBUG_LEAK. */
export const LEAK = 38;

const LISTS = Layout.OBJECTS + GcState.GENERATIONS;
const PERMANENT = Layout.OBJECTS + GcState.PERMANENT;

/** A collection starts. */
export function start(o: Objects, debug: number, generation: number): void {
  if ((debug & STATS) === 0) return;
  Debug.Stderr.write(`gc: collecting generation ${generation}...\n`);
  if (o.isBiased) return;
  const sizes = [0, 1, 2].map((g) =>
    ` ${GcList.sizeOf(o.i32, LISTS + g * GcState.HEAD)}`
  );
  Debug.Stderr.write(
    `gc: objects in each generation:${sizes.join("")}\n` +
      "gc: objects in permanent generation: " +
      `${GcList.sizeOf(o.i32, PERMANENT)}\n`,
  );
}

/** These objects cannot be reached. */
export function collectable(
  o: Objects,
  debug: number,
  ops: Iterable<Address>,
): void {
  if ((debug & COLLECTABLE) === 0) return;
  for (const op of ops) {
    const name = o.nameOf(o.typeOf(op));
    Debug.Stderr.write(`gc: collectable <${name} ${show(op)}>\n`);
  }
}

/** A collection has ended. Time in seconds. */
export function done(
  debug: number,
  unreachable: number,
  uncollectable: number,
  seconds: number,
): void {
  if ((debug & STATS) === 0) return;
  Debug.Stderr.write(
    `gc: done, ${unreachable} unreachable, ${uncollectable} uncollectable, ` +
      `${seconds.toFixed(4)}s elapsed\n`,
  );
}
