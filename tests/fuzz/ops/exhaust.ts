/**
 * Forced exhaustion: the same program on heaps with 0, 1, 2, … free pages,
 * until no request fails.
 *
 * A hostage block takes all pages but `free` ones, so each request of pages
 * after these fails. Whatever fails must leave everything as it was: the
 * checker finds nothing, the block of a failed realloc has its bytes, and when
 * all is freed nothing is left.
 *
 * ## Threads
 *   One real worker with two thread states, see port.ts.
 *
 * @module
 */

import type { Build } from "../../../mod.ts";
import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import { programOf } from "./fuzz.ts";
import { ACT_BYTES, Broken, Interpreter } from "./interpreter.ts";
import { Port } from "./port.ts";

/** Size of the heap: the smallest. Bytes. */
const MAX_BYTES = Layout.MIN_BYTES;

/** What a sweep did. */
export interface Sweep {
  /** Heaps that were filled. Count. */
  runs: number;
  /** Requests that failed. Count. */
  failures: number;
  /** Free pages with which nothing failed, or -1. */
  enough: number;
  /** What was found, or `""`. */
  note: string;
}

/** A program with calls of the heap itself in between. */
function program(seed: number, acts: number): Uint8Array {
  const bytes = programOf(seed, 0, acts);
  const controls = [248, 240, 252, 254, 230];
  controls.forEach((control, k) => {
    const at = Math.floor((k + 1) * acts / 6) * ACT_BYTES;
    bytes[at] = 255;
    bytes[at + 2] = control;
  });
  return bytes;
}

/** Runs a program with `free` pages. Returns how many requests failed. */
function runWith(port: Port, bytes: Uint8Array, free: number): number {
  const { pages } = port.heap.core.m;
  const hostagePages = pages - port.heap.i32[Header.FIRST_PAGE] - free;
  const nbytes = hostagePages * Layout.PAGE_SIZE;
  const hostage = hostagePages > 0 ? port.malloc(0, nbytes) : 0;
  const interpreter = new Interpreter(port, { thorough: true, mayFail: true });
  try {
    interpreter.run(bytes);
    port.free(0, hostage);
    interpreter.end();
    port.close();
  } catch (error) {
    for (const heap of port.heaps) heap.threads.leave();
    throw error;
  }
  return interpreter.failures;
}

/**
 * Sweeps the numbers of free pages in steps, until nothing fails. `Kind` is the
 * port to use, for canaries.
 */
export function sweep(
  build: Build,
  seed: number,
  acts: number,
  step = 1,
  Kind: typeof Port = Port,
): Sweep {
  const result: Sweep = { runs: 0, failures: 0, enough: -1, note: "" };
  const bytes = program(seed, acts);
  const most = MAX_BYTES / Layout.PAGE_SIZE;
  for (let free = 0; free < most; free += step) {
    try {
      const failures = runWith(new Kind(build, MAX_BYTES), bytes, free);
      result.runs++;
      result.failures += failures;
      if (failures > 0) continue;
      result.enough = free;
      break;
    } catch (error) {
      const text = error instanceof Broken
        ? `act ${error.act}: ${error.message}`
        : error instanceof Error
        ? `${error.stack}`
        : String(error);
      result.note = `${build}, ${free} free pages: ${text}; ` +
        `sweep("${build}", ${seed}, ${acts}) of tests/fuzz/ops/exhaust.ts`;
      break;
    }
  }
  return result;
}

if (import.meta.main) {
  const [build, seed, acts, step] = Deno.args;
  console.log(sweep(build as Build, Number(seed), Number(acts), Number(step)));
}
