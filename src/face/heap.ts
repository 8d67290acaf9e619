/**
 * The heap as JavaScript programs have it.
 *
 * ## Threads
 *   A `Heap` belongs to one worker; what it stands for is shared. A worker
 *   that ends without `close()` keeps its thread state and what it holds until
 *   another recovers it: `reap()`, `revoke()`.
 *
 * @module
 */

import { HandleError } from "../errors.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import {
  Core,
  type MemDomain,
  type ObjDomain,
  type RawDomain,
} from "../domains/mod.ts";
import { checkCore, type CheckReport } from "../check/mod.ts";
import { Debug } from "../hooks/mod.ts";
import { Tracemalloc } from "../hooks/tracemalloc/mod.ts";
import type { Views } from "../types/views.ts";
import type { MallocName } from "../domains/allocator_names.ts";
import { Certificate } from "./certificate.ts";
import * as Preconfig from "./preconfig.ts";
import * as MallocStats from "./malloc_stats.ts";
import { HeapObjects } from "./heap_objects.ts";
import * as Revocations from "./revoke.ts";
import * as Stats from "./stats.ts";
import { Threads } from "./threads.ts";
import * as Usage from "./usage.ts";

/** Which of CPython's two builds the heap follows. */
export type Build = "free-threaded" | "gil";

/** Options of {@linkcode createHeap}. */
export interface HeapOptions {
  /**
   * `"free-threaded"` or `"gil"`; if absent what the environment says in
   * `PYTHON_GIL`, or `"free-threaded"`.
   */
  readonly build?: Build;
  /**
   * Size of the heap in bytes, 4 MiB to 4 GiB, rounded down to whole MiB; the
   * default is 1 GiB. Memory is committed only when it is touched.
   */
  readonly maxBytes?: number;
  /** GIL build: seconds until a waiting thread gets its turn, 0.005 if absent. */
  readonly switchInterval?: number;
  /**
   * What serves the domains: `"debug"` and the like find mistakes, `"hardened"`
   * refuses some at a small price. If absent what the environment says in
   * `PYTHONMALLOC`, or `"default"`.
   */
  readonly malloc?: MallocName;
  /**
   * Print statistics to stderr whenever an arena is created, and when the heap
   * is closed; `PYTHONMALLOCSTATS` if absent.
   */
  readonly mallocStats?: boolean;
  /**
   * Trace allocations from the start, so many frames of each; 0 is off.
   * `PYTHONTRACEMALLOC` if absent.
   */
  readonly tracemalloc?: number;
}

/** What a worker needs to join a heap; may be posted in a message. */
export interface HeapHandle {
  /** Always `"heap"`. */
  readonly obmalloc: "heap";
  /** Layout version of the heap. */
  readonly version: number;
  /** The heap. */
  readonly buffer: SharedArrayBuffer;
}

/** Default size of a heap. Bytes. */
const DEFAULT_MAX_BYTES = 1073741824;

/** The attached thread state that this worker has of each heap, by heap id. */
const current = new Map<string, Core.Core>();

/** The time, counted from the same moment in all workers. */
const CLOCK = {
  now: (): number => performance.timeOrigin + performance.now(),
};

/**
 * A shared heap, as one worker has it.
 *
 * Made by {@linkcode createHeap} or {@linkcode attach}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const block = heap.raw.malloc(100);
 * heap.u8[block] = 7;
 * heap.raw.free(block);
 * assert.ok(heap.check().ok);
 * ```
 */
export class Heap extends HeapObjects implements Views {
  /** The RAW domain: callable attached or detached. */
  declare readonly raw: RawDomain;
  /** The MEM domain: buffers. */
  declare readonly mem: MemDomain;
  /** The OBJ domain: objects. */
  declare readonly obj: ObjDomain;
  /** The whole heap; byte addresses count from its start. */
  declare readonly buffer: SharedArrayBuffer;
  /** The heap as signed bytes; index = address. */
  declare readonly i8: Int8Array<SharedArrayBuffer>;
  /** The heap as bytes; index = address. */
  declare readonly u8: Uint8Array<SharedArrayBuffer>;
  /** The heap as signed 16-bit words; index = address / 2. */
  declare readonly i16: Int16Array<SharedArrayBuffer>;
  /** The heap as 16-bit words; index = address / 2. */
  declare readonly u16: Uint16Array<SharedArrayBuffer>;
  /** The heap as signed 32-bit words; index = address / 4. */
  declare readonly i32: Int32Array<SharedArrayBuffer>;
  /** The heap as 32-bit words; index = address / 4. */
  declare readonly u32: Uint32Array<SharedArrayBuffer>;
  /** The heap as signed 64-bit words; index = address / 8. */
  declare readonly i64: BigInt64Array<SharedArrayBuffer>;
  /** The heap as 64-bit words; index = address / 8. */
  declare readonly u64: BigUint64Array<SharedArrayBuffer>;
  /** The heap as floats; index = address / 4. */
  declare readonly f32: Float32Array<SharedArrayBuffer>;
  /** The heap as doubles; index = address / 8. */
  declare readonly f64: Float64Array<SharedArrayBuffer>;
  /** Allocation tracing. Python: the module `tracemalloc`. */
  declare readonly tracemalloc: Tracemalloc;
  /** What tells others of the death of this worker. */
  readonly #certificate: Certificate;

  /** @ignore */
  constructor(core: Core.Core) {
    const { m } = core;
    const id = `${m.i32[Header.HEAP_ID]}:${m.i32[Header.HEAP_ID + 1]}`;
    super(core, new Threads(core, id, current));
    const { raw, mem, obj } = Debug.makeDomains(m, true, core.installed);
    this.raw = raw;
    this.mem = mem;
    this.obj = obj;
    core.enlist(raw, mem, obj);
    Debug.follow(core);
    this.tracemalloc = new Tracemalloc(core);
    this.#certificate = new Certificate(core);
    this.buffer = m.buffer;
    this.i8 = new Int8Array(m.buffer);
    this.u8 = m.u8;
    this.i16 = new Int16Array(m.buffer);
    this.u16 = new Uint16Array(m.buffer);
    this.i32 = m.i32;
    this.u32 = new Uint32Array(m.buffer);
    this.i64 = new BigInt64Array(m.buffer);
    this.u64 = new BigUint64Array(m.buffer);
    this.f32 = new Float32Array(m.buffer);
    this.f64 = m.f64;
    this.threads.attach();
  }

  /** The build that the heap follows. */
  get build(): Build {
    return this.core.m.build === Header.BUILD_GIL ? "gil" : "free-threaded";
  }

  /** What another worker needs to {@linkcode attach}. */
  get handle(): HeapHandle {
    return {
      obmalloc: "heap",
      version: Header.VERSION_VALUE,
      buffer: this.buffer,
    };
  }

  /** True once {@linkcode Heap.close} was called. */
  get isClosed(): boolean {
    return this.core.isClosed;
  }

  /**
   * Checks every invariant of every layer; stops the world meanwhile.
   *
   * @returns The findings and what was counted on the way.
   * @throws {ThreadStateError} If the thread state is not attached.
   */
  check(): CheckReport {
    return this.threads.stopTheWorld(() => checkCore(this.core));
  }

  /**
   * Figures of the whole heap that are kept anyway. Costs some microseconds and
   * stops nobody; for what each domain holds see {@linkcode Heap.usage}.
   */
  stats(): Stats.HeapStats {
    return Stats.read(this.core.m);
  }

  /**
   * Gives back what nothing is allocated in. A safe point: the caller holds
   * no reference to an object that another thread might have freed.
   *
   * @returns How much that was, and what still waits.
   */
  trim(): Usage.TrimReport {
    return Usage.trim(this.core, () => this.threads.safePoint());
  }

  /**
   * Thread exit: blocks that this worker allocated stay valid, its pools go to
   * other workers. Its handles are closed; what it has shared stays. Closing
   * twice is nothing.
   */
  close(): void {
    if (this.core.isClosed) return;
    if (this.core.m.isCut) this.core.heal();
    if (!this.core.isRevoked) {
      if (!this.core.isAttached) this.threads.attach();
      MallocStats.printAtExit(this.core.m);
      Stats.fold(this.core.m);
    }
    this.closeHandles();
    this.core.guard(() => this.core.close());
    this.threads.leave();
    this.#certificate.tearUp();
  }

  /**
   * Takes a death certificate: a Web Lock that this worker holds until it
   * closes the heap, or ends. {@linkcode Heap.reap} in another worker can then
   * tell for sure that this one has ended, whatever way it did.
   *
   * @returns False where there are no Web Locks; then nothing is taken.
   * @throws {ThreadStateError} If the heap is closed.
   */
  certify(): Promise<boolean> {
    return this.#certificate.take();
  }

  /**
   * Cuts another worker off from the heap: it attaches no more and gets no
   * memory, and finds out on its next call that needs either.
   *
   * With `{ dead: true }` the caller vouches that it never runs again. Then its
   * locks are freed, what it left half done is ended or undone, and what it
   * held goes to whoever needs it. Without, that stays in quarantine under its
   * name: the worker may still be running.
   *
   * @param worker What `heap.threads.id` is in that worker, or its slot.
   * @param options Whether the worker is known to be dead.
   * @returns What was found.
   * @throws {RangeError} If `worker` is no number of a worker.
   * @throws {ThreadStateError} If it is this worker's own, if no worker has the
   * slot, or if this heap is closed.
   */
  revoke(
    worker: number,
    options: { readonly dead?: boolean } = {},
  ): Revocations.RevokeReport {
    return Revocations.revoke(this.core, worker, options.dead === true);
  }

  /**
   * Recovers every worker whose death certificate shows that it has ended.
   *
   * @returns What was found, a report for each.
   * @throws {ThreadStateError} If the heap is closed.
   */
  reap(): Promise<Revocations.RevokeReport[]> {
    return Revocations.reap(this.core);
  }

  /** {@linkcode Heap.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The layout number of a build. */
function buildNumber(build: unknown): number {
  if (build === "free-threaded") return Header.BUILD_FREE_THREADED;
  if (build === "gil") return Header.BUILD_GIL;
  throw new TypeError(
    `Cannot create a heap: build must be "free-threaded" or "gil", not ${
      typeof build === "string" ? `"${build}"` : String(build)
    }`,
  );
}

/** The size of the buffer for a `maxBytes`. Bytes. */
function bufferSize(maxBytes: unknown): number {
  if (typeof maxBytes !== "number") {
    throw new TypeError(
      `Cannot create a heap: maxBytes must be a number, not ${
        String(maxBytes)
      }`,
    );
  }
  const isInRange = maxBytes >= Layout.MIN_BYTES &&
    maxBytes <= Layout.MAX_BYTES;
  if (!isInRange) {
    throw new RangeError(
      `Cannot create a heap of ${maxBytes} bytes: maxBytes must be from ` +
        `${Layout.MIN_BYTES} to ${Layout.MAX_BYTES}`,
    );
  }
  return Math.floor(maxBytes / Layout.ARENA_SIZE) * Layout.ARENA_SIZE;
}

/**
 * Makes a heap; the caller gets an attached thread state of it.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ build: "gil", maxBytes: 64 * 1024 * 1024 });
 * assert.equal(heap.build, "gil");
 * ```
 *
 * @param options Build, size and switch interval.
 * @returns The heap.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If `maxBytes` or `switchInterval` is out of range, or
 * the engine cannot reserve the buffer.
 * @throws {FatalError} If the build knows no allocator of the name that
 * `malloc` or `PYTHONMALLOC` gives, or `PYTHON_GIL` is neither 0 nor 1.
 */
export function createHeap(options: HeapOptions = {}): Heap {
  const build = buildNumber(options.build ?? Preconfig.build());
  const bytes = bufferSize(options.maxBytes ?? DEFAULT_MAX_BYTES);
  const allocators = Preconfig.allocators(build, options);
  const { makeDomains } = Debug;
  const heap = new Heap(
    Core.create(build, bytes, CLOCK, allocators, makeDomains),
  );
  const nframe = Preconfig.nframe(options);
  if (nframe > 0) heap.tracemalloc.start(nframe);
  if (options.switchInterval !== undefined) {
    heap.threads.switchInterval = options.switchInterval;
  }
  return heap;
}

/**
 * Joins a heap; this worker gets an attached thread state of its own.
 *
 * In the GIL build the call waits for the GIL: whoever holds it must come to a
 * safe point or detach.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { attach, createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const { handle } = heap; // post this to a worker, which calls attach()
 * heap.threads.detach();
 * using other = attach(handle);
 * assert.notEqual(other.threads.slot, heap.threads.slot);
 * ```
 *
 * @param handle What {@linkcode Heap.handle} was in the worker that has it.
 * @returns The heap.
 * @throws {HandleError} If it is no handle of a heap of this version.
 * @throws {ThreadStateError} If all thread states are in use, or this worker
 * has one of this heap attached.
 */
export function attach(handle: HeapHandle): Heap {
  if (handle?.obmalloc !== "heap") {
    throw new HandleError(
      "Cannot attach: the argument is no handle of a heap",
    );
  }
  return new Heap(Core.join(handle.buffer, CLOCK, Debug.makeDomains));
}

/**
 * Checks every invariant of every layer; stops the world meanwhile. The same
 * as {@linkcode Heap.check}.
 *
 * @param heap The heap, attached.
 * @returns The findings and what was counted on the way.
 */
export function checkHeap(heap: Heap): CheckReport {
  return heap.check();
}
