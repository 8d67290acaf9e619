/**
 * The core of a heap as one worker has it: memory, thread state, domains.
 *
 * The C face calls its domains, which return 0 on failure; the idiomatic face
 * has domains of its own, which throw, and enlists them here.
 *
 * ## Threads
 *   Belongs to one worker. `attach()` and `detach()` move the thread state and
 *   open and close MEM and OBJ with it. A worker that stops in between has its
 *   state word say what it may still hold.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import * as Words from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import {
  type AllocatorWords,
  type Clock,
  Create,
  type Memory,
  OVERFLOW,
  Stack,
} from "../memory/mod.ts";
import { Leave } from "../pools/mod.ts";
import { Runs } from "../raw/mod.ts";
import { Recovery } from "../recovery/mod.ts";
import { Damage } from "../sync/mod.ts";
import { Gil, Qsbr, Suspension, ThreadStates } from "../threads/mod.ts";
import { Installed } from "./allocator.ts";
import { Allocators } from "./allocators.ts";
import { type Domains, makeDomains } from "./hardened.ts";
import type { MemDomain } from "./mem.ts";
import type { ObjDomain } from "./obj.ts";
import { RawDomain } from "./raw.ts";

/** Word with the count of changes of hook state. Word index. */
const X_CHANGES = Layout.ALLOCATORS + Words.X_CHANGES;

/** What makes the domains of a worker, see `makeDomains()`. */
export type DomainMaker = (
  m: Memory,
  throws: boolean,
  installed: Installed,
) => Domains;

/** What has to follow when the thread state of a worker moves. */
export interface Companion {
  /** MEM and OBJ are open. */
  attached(): void;
  /** MEM and OBJ are about to be closed. */
  detached(): void;
  /** A safe point, the one at the end of attaching included. */
  passed(): void;
  /** Thread exit: attached for the last time. */
  closing(): void;
}

/** See the head of this file. */
export class Core {
  /** The shared memory. */
  declare readonly m: Memory;
  /** The RAW domain, returning 0 on failure. */
  declare readonly raw: RawDomain;
  /** The MEM domain, returning 0 on failure. */
  declare readonly mem: MemDomain;
  /** The OBJ domain, returning 0 on failure. */
  declare readonly obj: ObjDomain;
  /** The allocator records of this worker. */
  declare readonly allocators: Allocators;
  /** What the routes of this worker share. */
  declare readonly installed: Installed;
  /** These three and those of the faces, which open and close together. */
  readonly #domains: (RawDomain | MemDomain | ObjDomain)[] = [];
  /** True once the thread state was given back. */
  isClosed = false;

  /** Thread states that this worker has lost to a full stack: their owners. */
  readonly #lost: number[] = [];

  /** What follows the thread state. */
  readonly #companions: Companion[] = [];

  /** What follows changes of shared hook state. */
  readonly #followers: ((core: Core) => void)[] = [];

  /** Takes a thread state in the heap. Not attached yet. */
  constructor(m: Memory, make: DomainMaker) {
    if (!ThreadStates.reserve(m)) {
      throw new ThreadStateError(
        "Cannot attach: all thread states of the heap are in use",
      );
    }
    this.m = m;
    this.installed = new Installed();
    const { raw, mem, obj } = make(m, false, this.installed);
    this.raw = raw;
    this.mem = mem;
    this.obj = obj;
    const routes = [this.raw.route, this.mem.route, this.obj.route];
    this.allocators = new Allocators(routes, this.#domains);
    this.enlist(this.raw, this.mem, this.obj);
  }

  /** True while MEM and OBJ may be called. */
  get isAttached(): boolean {
    return this.mem.route.isAttached;
  }

  /** `PyEval_RestoreThread()`: waits for the GIL where there is one. */
  attach(): void {
    ThreadStates.attach(this.m);
    this.#open();
    this.follow();
  }

  /**
   * Registers what follows changes of shared hook state, and lets it follow
   * those that were made before.
   */
  onAdopt(follower: (core: Core) => void): void {
    this.#followers.push(follower);
    follower(this);
  }

  /** Registers what follows the thread state, and lets it catch up. */
  accompany(companion: Companion): void {
    this.#companions.push(companion);
    if (this.isAttached) companion.attached();
  }

  /** Follows what other workers have done, if there was anything. */
  follow(): void {
    const { m, installed } = this;
    if (m.i32[X_CHANGES] !== installed.seen) this.adopt(); // racy hint
    for (const companion of this.#companions) companion.passed();
  }

  /** Follows changes of shared hook state that other workers have made. */
  adopt(): void {
    this.installed.seen = Atomics.load(this.m.i32, X_CHANGES);
    for (const follower of this.#followers) follower(this);
  }

  /** `PyEval_SaveThread()`: gives the GIL up where there is one. */
  detach(): void {
    const { m } = this;
    if (m.thread !== 0) ThreadStates.requireSound(m);
    if (!Suspension.isLost(m) && !ThreadStates.isAttached(m)) {
      Damage.damaged(m, "the state of this worker's thread is not ATTACHED");
    }
    this.#shut();
    ThreadStates.detach(m);
  }

  /** Adds domains of a face to those that attach and detach. */
  enlist(...domains: (RawDomain | MemDomain | ObjDomain)[]): void {
    for (const domain of domains) domain.route.healer = this;
    this.#domains.push(...domains);
  }

  /** Opens MEM and OBJ. */
  #open(): void {
    for (const domain of this.#domains) domain.attach();
    for (const companion of this.#companions) companion.attached();
  }

  /** Closes MEM and OBJ. */
  #shut(): void {
    for (const companion of this.#companions) companion.detached();
    for (const domain of this.#domains) domain.detach();
  }

  /** True once another worker has cut this one off. */
  get isRevoked(): boolean {
    return !this.isClosed && Suspension.isLost(this.m);
  }

  /** Closes the domains for good; what was held stays where it is. */
  #abandon(): void {
    this.isClosed = true;
    this.#shut();
    for (const domain of this.#domains) domain.close();
  }

  /**
   * Runs what may be cut short when the stack runs out, and before that mends
   * what was.
   */
  guard<T>(run: () => T): T {
    if (this.m.isCut) this.heal();
    try {
      return run();
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
  }

  /**
   * The stack ran out inside the heap, and something may be half done. For the
   * heap that is a death: the worker gets another thread state, and as that
   * recovers its last one. If the stack runs out again, the next call goes on.
   */
  heal(): void {
    const { m } = this;
    Stack.requireRoom(); // otherwise the stack would run out in here next
    const wasAttached = this.isAttached;
    // Somebody else may have taken this worker for dead meanwhile.
    if (this.#lost.length === 0) Suspension.requireNotRevoked(m);
    if (!this.#lost.includes(m.owner)) this.#lost.push(m.owner);
    for (const owner of this.#lost) Recovery.condemn(m, owner);
    if (!ThreadStates.claim(m)) {
      throw new ThreadStateError(
        "Cannot recover from a stack overflow inside the heap: all thread " +
          "states are in use",
      );
    }
    Recovery.setFree(m);
    ThreadStates.join(m);
    while (this.#lost.length > 0) {
      const owner = this.#lost[0];
      Recovery.declare(m, owner, ThreadState.DEAD);
      Recovery.recover(m, owner);
      this.#lost.shift();
    }
    for (const companion of this.#companions) companion.detached();
    for (const { route } of this.#domains) route.bind();
    for (const domain of this.#domains) {
      if (domain instanceof RawDomain) domain.bind();
      else domain.detach();
    }
    m.isCut = false;
    if (wasAttached) this.attach();
  }

  /** Thread exit: its pools go to whoever needs them, its slot is free. */
  close(): void {
    if (this.isClosed) return;
    if (this.isRevoked) return this.#abandon();
    if (!this.isAttached) this.attach();
    // Who came last leaves first: what it leaves goes to those before it.
    for (const companion of this.#companions.toReversed()) companion.closing();
    Leave.exit(this.m);
    this.#abandon();
    // Attached until it is gone: nobody may suspend a thread without news
    // lists, and open them again in its name.
    ThreadStates.release(this.m);
  }
}

/**
 * Makes a heap.
 *
 * @throws {RangeError} If the engine cannot reserve that many bytes.
 */
export function create(
  build: number,
  bytes: number,
  clock: Clock,
  allocators?: AllocatorWords,
  make: DomainMaker = makeDomains,
): Core {
  const m = Create.create(build, bytes, clock, allocators);
  Runs.init(m);
  ThreadStates.init(m);
  Gil.init(m);
  Qsbr.init(m);
  Create.publish(m);
  return new Core(m, make);
}

/**
 * Joins a heap.
 *
 * @throws {HandleError} If the buffer is no heap of this version.
 */
export function join(
  buffer: SharedArrayBuffer,
  clock: Clock,
  make: DomainMaker = makeDomains,
): Core {
  return new Core(Create.open(buffer, clock), make);
}
