/**
 * What a heap tells of itself: the part of {@linkcode Heap} that only reads.
 *
 * ## Threads
 *   A `Heap` belongs to one worker. What is said to stop the world does so; all
 *   else reads while others write, and was true a moment ago.
 *
 * @module
 */

import type { Core } from "../domains/core.ts";
import { allocatedBlocks, debugMallocStats, withLocks } from "../check/mod.ts";
import type { AddressInfo } from "./describe.ts";
import * as Describe from "./describe.ts";
import { inspectHeap } from "./inspect.ts";
import * as Leaks from "./leaks.ts";
import * as MallocStats from "./malloc_stats.ts";
import type { Threads } from "./threads.ts";
import * as Usage from "./usage.ts";

/**
 * Reports, statistics and the search for leaks: what every heap has.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const report = heap.leaks(() => {
 *   heap.mem.malloc(48);
 *   heap.mem.free(heap.mem.malloc(100));
 * });
 * const [left] = report.groups[0].addresses;
 * assert.equal(
 *   heap.describe(left).toString(),
 *   "0xf00030 is a live block of the mem domain: 48 bytes, held by thread 2",
 * );
 * assert.equal(heap.getAllocatedBlocks(), 1);
 * assert.equal(heap.usage().mem.liveBytes, 48);
 * ```
 */
export abstract class HeapReports {
  /** This worker's thread state. */
  declare readonly threads: Threads;
  /** @ignore The inside, for tools and tests. */
  declare readonly core: Core;

  /** @ignore */
  constructor(core: Core, threads: Threads) {
    this.core = core;
    this.threads = threads;
    MallocStats.follow(core);
  }

  /**
   * What the domains and the threads hold, against what is live in it. Walks
   * the page map, some milliseconds for each GiB, and stops nobody: figures of
   * MEM and OBJ are exact while the world is stopped.
   */
  usage(): Usage.HeapUsage {
    return Usage.read(this.core.m);
  }

  /**
   * Live blocks of MEM and OBJ, of any size. Stops the world meanwhile.
   *
   * Python: `sys.getallocatedblocks()`.
   *
   * @returns Count.
   * @throws {ThreadStateError} If the thread state is not attached.
   */
  getAllocatedBlocks(): number {
    const { m } = this.core;
    return this.threads.stopTheWorld(() =>
      withLocks(m, () => allocatedBlocks(m))
    );
  }

  /**
   * About as many live blocks as {@linkcode Heap.getAllocatedBlocks} would
   * find: what others do meanwhile is counted in part. Stops nobody, and may be
   * called detached.
   *
   * @returns Count.
   */
  approximateBlocks(): number {
    return allocatedBlocks(this.core.m);
  }

  /**
   * The report that Python prints of its small-object allocator; in the
   * free-threaded build with tables of what each domain and thread holds, and
   * of what waits. Stops nobody: figures of MEM and OBJ are exact under the
   * GIL, or while the world is stopped.
   *
   * Python: `sys._debugmallocstats()`, without the lines about objects.
   *
   * @returns Lines, each with its end; `""` where CPython prints none.
   */
  debugMallocStats(): string {
    return debugMallocStats(this.core.m);
  }

  /** Writes {@linkcode Heap.debugMallocStats} to stderr, as C does. */
  printMallocStats(): void {
    MallocStats.print(this.core.m);
  }

  /**
   * What an address is: its domain, its block, whether that is live, who holds
   * it. Any number may be asked about. Of a block that nobody uses meanwhile
   * the answer is exact.
   *
   * @param address Any number.
   * @returns What it is; its `toString()` is a sentence.
   * @throws {TypeError} If `address` is no number.
   */
  describe(address: number): AddressInfo {
    return Describe.describe(this.core, address);
  }

  /**
   * Notes which blocks are live. Stops the world meanwhile.
   *
   * @returns The mark, for {@linkcode Heap.leaks}.
   * @throws {ThreadStateError} If the thread state is not attached.
   */
  mark(): Leaks.HeapMark {
    return this.threads.stopTheWorld(() => Leaks.mark(this.core.m));
  }

  /**
   * What an asynchronous function, or whoever else works on the heap while it
   * runs, leaves behind.
   *
   * @param run What to look at; attached before and after.
   * @param options Domains to look at.
   * @returns The blocks that are live now and were not before.
   * @throws {ThreadStateError} If the thread state is not attached.
   */
  leaks(
    run: () => Promise<unknown>,
    options?: Leaks.LeakOptions,
  ): Promise<Leaks.LeakReport>;
  /**
   * What a function left behind, or what is live and was not at a mark, or,
   * without a mark, all that is live. Stops the world meanwhile.
   *
   * Blocks are grouped by where they were allocated if allocations are traced,
   * else by domain, size and holder. A block that took the place of one that
   * was live at the mark is no leak. If allocations were traced from the mark
   * on, blocks of RAW that nobody traced are the tracing's own, and left out.
   *
   * @param since A mark, or a function that is called after a mark was made.
   * @param options Domains to look at.
   * @returns The blocks that are live now and were not then.
   * @throws {ThreadStateError} If the thread state is not attached.
   * @throws {TypeError} If the mark is of another heap.
   */
  leaks(
    since?: Leaks.HeapMark | (() => void),
    options?: Leaks.LeakOptions,
  ): Leaks.LeakReport;
  leaks(
    since?: Leaks.HeapMark | (() => unknown),
    options: Leaks.LeakOptions = {},
  ): Leaks.LeakReport | Promise<Leaks.LeakReport> {
    const mark = typeof since === "function" ? this.mark() : since ?? null;
    const report = (): Leaks.LeakReport =>
      this.threads.stopTheWorld(() => Leaks.leaks(this.core, mark, options));
    const result = typeof since === "function" ? since() : undefined;
    return result instanceof Promise ? result.then(report) : report();
  }

  /** What `Deno.inspect()` and `console.log()` show. */
  [Symbol.for("Deno.customInspect")](): string {
    return inspectHeap(this.core, this.threads.state);
  }

  /** What Node's `util.inspect()` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return inspectHeap(this.core, this.threads.state);
  }
}
