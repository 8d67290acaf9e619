/**
 * Mutants that only change how often one looks, how long one sleeps, or the
 * order of things whose order is nobody's business; see `equivalent.ts`.
 *
 * @module
 */

/** Mutants that are equivalent for one reason. */
export interface Group {
  /** The reason. */
  readonly why: string;
  /** Keys. */
  readonly of: readonly string[];
}

/** How often, how long, how much. */
export const TUNING: readonly Group[] = [
  {
    why: "tuning: how often one looks before it sleeps, how long it sleeps, " +
      "and how long it waits for others before it goes on without them",
    of: [
      "src/* module constant: const *SPIN*",
      "src/* module constant: const NAP_MS = *",
      "src/* module constant: const RECOVERY_NAP_MS = *",
      "src/* module constant: const LOOK_MS = *",
      "src/* module constant: const SLEEP_MS = *",
      "src/* module constant: const RECHECK_MS = *",
      "src/* module constant: const SWITCH_WAIT_MS = *",
      "src/* module constant: const PATIENCE_MS = *",
      "src/threads/gil.ts module constant: const MAX_SWITCH_WAITS*",
      "src/threads/gil.ts module constant: const US_PER_MS = *",
      "src/threads/gil.ts takeSpinning condition: * => false",
      "src/threads/gil.ts takeSpinning delete: *",
      "src/threads/lock.ts lockDetaching flip: if (m.build !== *",
      "src/threads/qsbr.ts attach *: if (again !== seen) *",
      "src/threads/gil.ts waitForSwitch delete: if (Atomics.load(i32, SWITCH_NUMBER) !== before) return; => ;",
      "src/threads/gil.ts waitForSwitch delete: for (let spins = 0; *",
      "src/threads/world.ts waitStopped delete: for (let spins = 0; *",
      "src/threads/world.ts waitStopped delete: if (Atomics.load(*",
      "src/threads/world.ts waitStopped condition: * => if (false) return true;",
      "src/threads/gil.ts takeSpinning constant: Atomics.load(*",
      "src/threads/gil.ts takeSleeping constant: const intervalMs = *",
      "src/threads/gil.ts waitForSwitch condition: * => if (false) return;",
      "src/threads/gil.ts waitForSwitch constant: for (let waits = 0; *",
      "src/threads/gil.ts waitForSwitch flip: for (let waits = 0; *",
      "src/* constant: for (let spins = 0; *",
      "src/sync/raw_mutex.ts lockSlow flip: for (let spins = 0; *",
      "src/threads/gil.ts * flip: for (let spins = 0; *",
      "src/threads/world.ts * flip: for (let spins = 0; *",
      "src/* delete: Atomics.pause(); => ;",
      "src/* swap: Atomics.pause(); *",
      "src/sync/mutex.ts trySpin *: for (let i = 0; *",
      "src/sync/mutex.ts trySpin condition: if ((Atomics.load(*",
      "src/sync/mutex.ts trySpin flip: if ((Atomics.load(*",
      "src/sync/mutex.ts trySpin constant: if ((Atomics.load(*",
      "src/sync/raw_mutex.ts lockSlow delete: for (let spins = 0; *",
      "src/sync/raw_mutex.ts lockSlow delete: if ( Atomics.load(i32, at) *",
      "src/sync/raw_mutex.ts lockSlow condition: * => false",
      "src/sync/raw_mutex.ts lockSlow flip: Atomics.load(i32, at) === FREE *",
      "src/threads/suspension.ts waitWhileSuspended constant: let spins = 0;*",
      "src/threads/suspension.ts waitWhileSuspended flip: if (spins < *",
      "src/threads/suspension.ts waitWhileSuspended condition: if (spins < * => if (false) {",
      "src/recovery/recover.ts lockRecovery flip: if (m.clock.now() >= end)*",
    ],
  },
  {
    why:
      "tuning: how much is carved at a time; the order of blocks is the same",
    of: [
      "src/pools/pool.ts module constant: const CARVE_BYTES*",
      "src/pools/pool.ts carve flip: while (offset + size <= end) *",
    ],
  },
  {
    why: "a sleep of 1 ms on a word that has changed meanwhile",
    of: [
      "src/recovery/recover.ts * condition: if (seen !== 0) Atomics.wait(* => " +
      "if (true)*",
      "src/recovery/recover.ts * constant: if (seen !== 0) Atomics.wait(*",
      "src/sync/mutex.ts lockRecovering condition: if ((seen & LOCKED) !== 0) " +
      "Atomics.wait(* => if (true)*",
    ],
  },
];

/** In which order. */
export const ORDER: readonly Group[] = [
  {
    why: "words of a waiter and of its bucket under the bucket's mutex: who " +
      "recovers takes it over first, and looks at all threads, not at the list",
    of: [
      "src/sync/parking_lot.ts park swap: i32[waiter + Waiter.ADDR] = addr; *",
      "src/sync/parking_lot.ts park swap: * i32[waiter + Waiter.ADDR] = addr; => *",
      "src/sync/parking_lot.ts park swap: i32[waiter + Waiter.UNPARKED_BY] *",
      "src/sync/parking_lot.ts park swap: i32[waiter + Waiter.TIME_TO_BE_*",
      "src/sync/parking_lot.ts park swap: removeLocked(*",
      "src/sync/parking_lot.ts beginUnpark swap: removeLocked(*",
      "src/sync/parking_lot.ts unparkAll swap: *",
      "src/sync/parking_lot.ts enqueueLocked swap: *",
      "src/sync/parking_lot.ts emptyLocked swap: i32[bucket + *",
    ],
  },
  {
    why: "words of a heap or of a slot that nobody else looks at yet",
    of: [
      "src/threads/thread_state.ts clear swap: *",
      "src/threads/thread_state.ts init swap: *",
      "src/threads/gil.ts init swap: *",
      "src/threads/qsbr.ts init swap: *",
      "src/threads/thread_state.ts claim swap: *",
      "src/threads/thread_state.ts release swap: m.*",
      "src/threads/thread_state.ts release swap: * m.slot = 0; => *",
    ],
  },
  {
    why: "words of a new heap are 0 already",
    of: [
      "src/threads/gil.ts init delete: Atomics.store(m.i32, LOCKED, 0); => ;",
      "src/threads/gil.ts init delete: Atomics.store(m.i32, LAST_HOLDER, 0); => ;",
      "src/threads/thread_state.ts init delete: *DETACHED); => ;",
      "src/threads/thread_state.ts init delete: *X_NEWS, 0); => ;",
      "src/threads/thread_state.ts init delete: *X_RAW_NEWS, 0); => ;",
      "src/threads/thread_state.ts init delete: Atomics.store(i32, THREADS_USED*",
    ],
  },
  {
    why: "only who has the GIL writes these words, or reads the first of them",
    of: [
      "src/threads/gil.ts noteHolder split: Atomics.add(i32, SWITCH_NUMBER*",
      "src/threads/gil.ts noteHolder swap: Atomics.store(i32, LAST_HOLDER*",
    ],
  },
  {
    why:
      "a bit that is clear is cleared, or a request is one too many, which " +
      "costs time and no more",
    of: [
      "src/threads/gil.ts noteHolder condition: if (EvalBreaker.isSet(* => if (true) {",
      "src/threads/gil.ts takeSleeping condition: if (timedOut * => if (true) {",
      "src/threads/suspension.ts suspendOthersLocked condition: } else if (* => } else if (true) {",
    ],
  },
  {
    why: "a hint for thread 0, which is nobody",
    of: [
      "src/threads/gil.ts takeSleeping constant: if (slot !== 0) *",
      "src/threads/gil.ts takeSleeping condition: if (slot !== 0) * => if (true) *",
    ],
  },
  {
    why: "a stop and its end are under the threads lock: nobody looks in " +
      "between, and the world that a dead stopper has stopped is started",
    of: ["src/threads/world.ts startLocked swap: *REQUESTE*"],
  },
  {
    why: "lists and counts under one lock: nobody reads them in between, and " +
      "if their owner dies they are all derived anew",
    of: [
      "src/raw/runs.ts insert swap: *",
      "src/raw/runs.ts remove swap: *",
      "src/raw/runs.ts alloc swap: account(*",
      "src/raw/runs.ts allocArena swap: account(*",
      "src/raw/runs.ts giveLocked swap: insert(*",
      "src/raw/runs.ts giveLocked swap: pages += *",
      "src/raw/runs.ts growLocked swap: account(*",
      "src/raw/rebuild.ts rebuildLocked swap: used += *",
      "src/raw/rebuild.ts rebuildLocked swap: insertFree(*",
      "src/pools/arena.ts create swap: *",
      "src/pools/arena.ts linkAfter swap: *",
      "src/pools/arena.ts destroy swap: *",
      "src/pools/arena.ts freePool swap: i32[Layout.PAGE_MAP + page]*",
      "src/pools/arena.ts trim swap: *",
      "src/pools/supply.ts adopt swap: *",
      "src/pools/supply.ts ripen swap: *",
      "src/pools/supply.ts quarantine swap: *",
      "src/pools/supply.ts abandonLocked swap: *",
      "src/pools/supply.ts claim swap: Ring.unlink(*",
      "src/pools/repair.ts clearSet swap: *",
      "src/pools/repair.ts mendArena swap: i32[arena + *",
      "src/pools/repair.ts mendArena swap: i32[pool + SZIDX] *",
      "src/pools/repair.ts mendArena swap: free = pool; *",
      "src/pools/repair.ts listArenas swap: *",
      "src/pools/repair.ts arenaSet swap: *",
    ],
  },
  {
    why: "what is written before the commit of an allocation: until then the " +
      "pages are TAKEN, and nobody looks at what stands in their records",
    of: [
      "src/raw/large.ts alloc swap: m.i32[record + PoolRecord.*",
      "src/raw/runs.ts markTail swap: *",
      "src/pools/supply.ts format swap: *",
      "src/pools/supply.ts takeSpan swap: format(*",
    ],
  },
  {
    why: "statistics and links of the worker's own, which only it reads",
    of: [
      "src/pools/* swap: *STAT_*",
      "src/threads/gil.ts takeSlow swap: *STAT_*",
      "src/pools/ring.ts append swap: *",
      "src/pools/acquire.ts pool swap: Remote.noteHolder(*",
      "src/pools/leave.ts takeOver swap: Remote.noteHolder(*",
      "src/recovery/recover.ts leavePools swap: *",
    ],
  },
  {
    why: "two things that have nothing to do with each other",
    of: [
      "src/pools/acquire.ts pool swap: Remote.collect(*",
      "src/pools/leave.ts exit swap: Remote.collect(*",
      "src/pools/leave.ts relieve swap: Remote.collectOrphans(*",
      "src/pools/leave.ts relieve swap: releaseSpares(*",
      "src/pools/leave.ts relieve swap: releaseGilSpares(*",
      "src/pools/repair.ts mend swap: *",
      "src/recovery/recover.ts setFree swap: freeArenaSet(*",
      "src/recovery/recover.ts recoverLocked swap: Repair.announceAll(*",
      "src/recovery/fence.ts tryFence swap: Atomics.notify(*",
      "src/recovery/recover.ts fence swap: *",
      "src/recovery/recover.ts freeThreads swap: resumeThreads(m); *",
      "src/recovery/recover.ts recoverLocked swap: leavePools(*",
      "src/recovery/recover.ts recoverLocked swap: found.pages = *",
    ],
  },
  {
    why: "one more look at the stack, with the lock or without it",
    of: [
      "src/pools/leave.ts leave swap: HeapLock.unlock(*",
      "src/pools/leave.ts takeOver swap: HeapLock.unlock(*",
    ],
  },
];
