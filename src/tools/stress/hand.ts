/**
 * A worker's hands: every block of the stress run is allocated, judged,
 * signed, verified, resized and freed here, and nowhere else.
 *
 * ## Invariants
 *   H1  a block in a record carries the pattern of that record over its whole
 *       length, and its address is claimed in the address table
 *   H2  before a block is freed or resized its whole pattern is verified;
 *       after a resize, also a failed one, what had to be kept is
 *   H3  a calloc'ed block is verified to be all 0 before it is signed
 *   H4  the last call stands in the worker record while it runs, and so does
 *       the block record that it is about, until that tells the truth again: of
 *       a worker that died, exactly this record is in doubt
 *   H5  between two calls all records tell the truth: `tick()`, where other
 *       threads may stop us, comes first in each operation
 *
 * ## Threads
 *   A hand belongs to one worker. It writes its own worker record, the block
 *   records it was given, and blocks that stand in those.
 *
 * @module
 */

import * as AddressTable from "./address_table.ts";
import { describeDamage } from "./audit.ts";
import * as BlockRecord from "./block_record.ts";
import type { Calls } from "./calls.ts";
import { plant } from "./canary.ts";
import { type Control, FAILED } from "./control.ts";
import { FindingError, type FindingKind, Interrupted } from "./finding.ts";
import {
  attach,
  checkHeap,
  type CheckReport,
  type Heap,
  MemoryError,
} from "./heap.ts";
import * as Misuse from "./misuse.ts";
import * as Pattern from "./pattern.ts";
import { Random } from "./random.ts";
import { DOMAINS, drawNewSize } from "./sizes.ts";
import { numberOf, type Task } from "./task.ts";
import * as WorkerRecord from "./worker_record.ts";

/** Calls between two looks at the stop flag and safe points. Count, 2^n - 1. */
const TICK_MASK = 127;
/** One in so many frees is preceded by a call that must be refused. Count. */
const PROBE_EVERY = 256;
/** Element sizes of calloc. Bytes. */
const ELEMENTS: readonly number[] = [1, 1, 2, 4, 8, 24];
/** From this size of heap on, running out early is a fault. Bytes. */
const AMPLE = 268435456;

/** See the head of this file. */
export class Hand {
  /** The heap; another one after {@linkcode Hand.rejoin}. */
  heap: Heap;
  /** The heap, or what the canary makes of it. */
  calls: Calls;
  /** What it was told to do. */
  readonly task: Task;
  /** The control memory. */
  readonly control: Control;
  /** Words of the control memory. */
  readonly i32: Pattern.Words;
  /** Stream of choices that do not depend on what other workers do. */
  readonly random: Random;
  /** Stream of all other choices: what they are for depends on the schedule. */
  readonly details: Random;
  /** Its worker record. Word index. */
  readonly record: number;
  /** Who allocated a block: life and worker number, never 0. */
  readonly owner: number;
  readonly #addresses: Pattern.Words;
  #cells: Pattern.Words;
  #bytes: Pattern.Bytes;
  #serial = 0;
  #ops = 0;
  #detached = false;

  /**
   * @param heap Attached.
   * @param control Shared by all workers of the run.
   * @param addresses Address table, shared by all workers of the run.
   * @param task What to do.
   */
  constructor(
    heap: Heap,
    control: Control,
    addresses: SharedArrayBuffer,
    task: Task,
  ) {
    const { seed, shape, worker, life } = task;
    this.heap = heap;
    this.calls = plant(task.canary, heap, worker);
    this.task = task;
    this.control = control;
    this.i32 = control.i32;
    const stream = [seed, numberOf(shape), worker, life];
    this.random = new Random(...stream);
    this.details = new Random(...stream, 1);
    this.record = control.record(worker);
    this.owner = (life << 8) | (worker + 1);
    this.#addresses = new Int32Array(addresses);
    this.#cells = heap.i32;
    this.#bytes = heap.u8;
    this.#ops = this.i32[this.record + WorkerRecord.OPS];
    this.i32[this.record + WorkerRecord.LIFE] = life;
    this.i32[this.record + WorkerRecord.THREADS]++;
    this.phase(WorkerRecord.WORKING);
  }

  /** Calls of the heap so far, over all lives. Count. */
  get ops(): number {
    return this.#ops;
  }

  /** Whether it is in {@linkcode Hand.detached}. */
  get isDetached(): boolean {
    return this.#detached;
  }

  /** Says what it is doing. */
  phase(phase: number): void {
    this.i32[this.record + WorkerRecord.PHASE] = phase;
  }

  /** Stops this worker with a finding. */
  fail(kind: FindingKind, text: string): never {
    throw new FindingError({
      kind,
      text,
      worker: this.task.worker < this.task.workers ? this.task.worker : -1,
      life: this.task.life,
      round: this.i32[this.record + WorkerRecord.ROUND],
      op: this.#ops,
    });
  }

  /**
   * Allocates a block of `size` bytes, or a few less, and signs it.
   *
   * @param record Gets the block; holds none.
   * @returns False if the heap had no memory.
   */
  allocate(record: number, domain: number, size: number): boolean {
    this.tick();
    const zeroed = this.details.chance(25);
    const element = ELEMENTS[this.details.below(ELEMENTS.length)];
    const elements = Math.floor(size / element);
    const bytes = zeroed ? elements * element : size;
    const what = zeroed ? WorkerRecord.CALLOC : WorkerRecord.MALLOC;
    this.#begin(record, what, domain, 0, bytes, 0);
    const address = zeroed
      ? this.#calloc(domain, elements, element)
      : this.#malloc(domain, size);
    this.#end();
    if (address === 0) {
      this.#settle();
      return false;
    }
    this.#judge(domain, address, bytes);
    if (zeroed) this.#verifyZero(address, bytes);
    this.#sign(record, address, bytes, domain);
    return true;
  }

  /** Verifies a block and frees it. */
  release(record: number): void {
    this.tick();
    this.verify(record);
    const { i32 } = this;
    const address = i32[record + BlockRecord.ADDRESS] >>> 0;
    const size = i32[record + BlockRecord.SIZE] >>> 0;
    const domain = i32[record + BlockRecord.DOMAIN];
    if (this.details.below(PROBE_EVERY) === 0) Misuse.probe(this, record);
    const remote = this.isRemote(record);
    this.#begin(record, WorkerRecord.FREE, domain, address, size, 0);
    this.#disclaim(address);
    this.calls.free(domain, address, remote);
    this.#end();
    i32[record + BlockRecord.ADDRESS] = 0;
    this.#settle();
    if (remote) i32[this.record + WorkerRecord.REMOTE_FREES]++;
    this.#live(-size);
  }

  /** Verifies a block, resizes it, and verifies what had to be kept. */
  resize(record: number): void {
    this.tick();
    this.verify(record);
    const { i32 } = this;
    const address = i32[record + BlockRecord.ADDRESS] >>> 0;
    const old = i32[record + BlockRecord.SIZE] >>> 0;
    const size = drawNewSize(this.details, old);
    const domain = i32[record + BlockRecord.DOMAIN];
    const signature = this.signature(record);
    this.#begin(record, WorkerRecord.REALLOC, domain, address, old, size);
    this.#disclaim(address);
    const moved = this.#realloc(domain, address, size);
    this.#end();
    if (moved === 0) {
      this.#claim(domain, address, old);
      this.#settle();
      return this.verify(record);
    }
    this.#judge(domain, moved, size);
    this.#verifyKept(moved, Math.min(old, size), signature, address);
    this.#live(-old);
    this.#sign(record, moved, size, domain);
  }

  /** Verifies the whole pattern of a block. */
  verify(record: number): void {
    const address = this.i32[record + BlockRecord.ADDRESS] >>> 0;
    const size = this.i32[record + BlockRecord.SIZE] >>> 0;
    const signature = this.signature(record);
    const [cells, bytes] = [this.#cells, this.#bytes];
    const at = Pattern.firstDamage(cells, bytes, address, size, signature);
    if (at < 0) return;
    const what = describeDamage(this.control, bytes, record, at, signature);
    this.fail("damaged", what);
  }

  /** Signature of the block in a record. */
  signature(record: number): number {
    const { i32 } = this;
    return Pattern.signature(
      i32[record + BlockRecord.ADDRESS],
      i32[record + BlockRecord.SIZE],
      i32[record + BlockRecord.OWNER],
      i32[record + BlockRecord.SERIAL],
    );
  }

  /** Whether a record holds a block. */
  holds(record: number): boolean {
    return this.i32[record + BlockRecord.ADDRESS] !== 0;
  }

  /** Whether another worker allocated the block in a record. */
  isRemote(record: number): boolean {
    const owner = this.i32[record + BlockRecord.OWNER];
    return ((owner ^ this.owner) & 255) !== 0;
  }

  /**
   * Where a worker gives way: looks at the stop flag, lets other threads have
   * the GIL or stop the world, and keeps the peak of live bytes.
   *
   * @throws {Interrupted} If another worker has found something.
   */
  tick(): void {
    if ((this.#ops & TICK_MASK) !== 0) return;
    this.interruptIfFailed();
    if (!this.#detached) this.heap.threads.safePoint();
    this.control.samplePeak();
  }

  /** @throws {Interrupted} If another worker has found something. */
  interruptIfFailed(): void {
    if (this.control.stop === FAILED) throw new Interrupted("The run failed");
  }

  /** Does `work` while detached, as around a system call. */
  detached(phase: number, work: () => void): void {
    this.#detached = true;
    this.phase(phase);
    try {
      this.heap.threads.detached(() => {
        try {
          work();
        } finally {
          this.phase(WorkerRecord.ATTACHING);
        }
      });
    } finally {
      this.#detached = false;
      this.phase(WorkerRecord.WORKING);
    }
  }

  /** Ends its thread; all blocks stay as they are. */
  leave(): void {
    this.phase(WorkerRecord.CLOSING);
    this.heap.close();
  }

  /** Starts another thread after {@linkcode Hand.leave}. */
  rejoin(): void {
    this.phase(WorkerRecord.ATTACHING);
    this.heap = attach(this.heap.handle);
    this.#cells = this.heap.i32;
    this.#bytes = this.heap.u8;
    this.calls = plant(this.task.canary, this.heap, this.task.worker);
    this.i32[this.record + WorkerRecord.THREADS]++;
    this.phase(WorkerRecord.WORKING);
  }

  /**
   * Has the whole heap checked, while nobody else is attached.
   *
   * @throws {FindingError} If the checker objects.
   */
  check(): CheckReport {
    this.phase(WorkerRecord.CHECKING);
    const report = checkHeap(this.heap);
    this.phase(WorkerRecord.WORKING);
    this.i32[this.record + WorkerRecord.CHECKS]++;
    if (!report.ok) this.fail("broken-invariant", report.findings.join("; "));
    return report;
  }

  #begin(
    about: number,
    what: number,
    domain: number,
    address: number,
    size: number,
    newSize: number,
  ): void {
    const { i32, record } = this;
    i32[record + WorkerRecord.OPS] = ++this.#ops;
    i32[record + WorkerRecord.OP] = what;
    i32[record + WorkerRecord.DOMAIN] = domain;
    i32[record + WorkerRecord.ADDRESS] = address;
    i32[record + WorkerRecord.SIZE] = size;
    i32[record + WorkerRecord.NEW_SIZE] = newSize;
    i32[record + WorkerRecord.IN_OP] = 1;
    i32[record + WorkerRecord.PENDING] = about;
  }

  #end(): void {
    this.i32[this.record + WorkerRecord.IN_OP] = 0;
  }

  /** The record that the last call was about tells the truth again. */
  #settle(): void {
    this.i32[this.record + WorkerRecord.PENDING] = 0;
  }

  #malloc(domain: number, size: number): number {
    try {
      return this.calls.malloc(domain, size);
    } catch (error) {
      return this.#exhausted(error, size);
    }
  }

  #calloc(domain: number, elements: number, element: number): number {
    try {
      return this.calls.calloc(domain, elements, element);
    } catch (error) {
      return this.#exhausted(error, elements * element);
    }
  }

  #realloc(domain: number, address: number, size: number): number {
    try {
      return this.calls.realloc(domain, address, size);
    } catch (error) {
      return this.#exhausted(error, size);
    }
  }

  /** 0, if there is a reason to have no memory. */
  #exhausted(error: unknown, size: number): number {
    if (!(error instanceof MemoryError)) throw error;
    this.i32[this.record + WorkerRecord.MEMORY_ERRORS]++;
    const live = this.control.liveBytes();
    const { maxBytes } = this.task;
    if (maxBytes >= AMPLE && live + size < maxBytes / 4) {
      this.fail("no-memory", `${size} bytes, with only ${live} bytes alive`);
    }
    return 0;
  }

  #judge(domain: number, address: number, size: number): void {
    const where = `0x${address.toString(16)} in the ${DOMAINS[domain]} domain`;
    const { maxBytes } = this.task;
    if (address % 16 !== 0) {
      this.fail("bad-block", `${where} is no multiple of 16`);
    }
    if (!(address > 0 && address + size <= maxBytes)) {
      this.fail("bad-block", `${where} is outside of the heap`);
    }
    this.#claim(domain, address, size);
    const usable = this.calls.sizeOf(domain, address);
    if (usable < size) {
      this.fail("bad-block", `${where}: ${usable} bytes of ${size} are usable`);
    }
  }

  #claim(domain: number, address: number, size: number): void {
    if (AddressTable.claim(this.#addresses, address)) return;
    const where = `0x${address.toString(16)} in the ${DOMAINS[domain]} domain`;
    const text = `${where}, given out for ${size} bytes, is already in use`;
    this.fail("double-hand-out", text);
  }

  #disclaim(address: number): void {
    if (AddressTable.disclaim(this.#addresses, address)) return;
    const where = `0x${address.toString(16)}`;
    this.fail("double-hand-out", `${where} was freed by somebody else`);
  }

  #verifyZero(address: number, size: number): void {
    const [cells, bytes] = [this.#cells, this.#bytes];
    const at = Pattern.firstNonZero(cells, bytes, address, size);
    if (at < 0) return;
    const found = bytes[address + at].toString(16);
    const block = `0x${address.toString(16)}, calloc'ed for ${size} bytes`;
    this.fail("not-zeroed", `${block}, has 0x${found} at +${at}`);
  }

  #verifyKept(
    address: number,
    size: number,
    signature: number,
    old: number,
  ): void {
    const [cells, bytes] = [this.#cells, this.#bytes];
    const at = Pattern.firstDamage(cells, bytes, address, size, signature);
    if (at < 0) return;
    const from = `0x${old.toString(16)} to 0x${address.toString(16)}`;
    const text = `realloc from ${from} lost byte ${at} of ${size} to be kept`;
    this.fail("lost-bytes", text);
  }

  #sign(record: number, address: number, size: number, domain: number): void {
    const serial = ++this.#serial;
    const [cells, bytes] = [this.#cells, this.#bytes];
    const { i32, owner } = this;
    const signature = Pattern.signature(address | 0, size, owner, serial);
    Pattern.fill(cells, bytes, address, size, signature);
    BlockRecord.write(i32, record, address, size, owner, serial, domain);
    this.#settle();
    this.#live(size);
  }

  #live(change: number): void {
    this.control.f64[(this.record + WorkerRecord.LIVE) >> 1] += change;
  }
}
