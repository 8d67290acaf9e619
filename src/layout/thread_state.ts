/**
 * `PyThreadState`: one slot for each worker, and two that are no worker.
 *
 * ```text
 *   0  X_STATE INCARNATION X_EVAL_BREAKER X_IN_USE X_CERTIFIED X_FENCE   others may write
 *   16 X_NEWS  X_RAW_NEWS  X_TO_MERGE                      line that others write
 *   32 X_QSBR_SEQ  X_TRACING                               written by its thread, read by pollers
 *   34 SECTION_DEPTH  _MORE  SECTIONS                      critical sections of its thread
 *   48 waiter, see waiter.ts                               parking
 *   64 statistics of its thread                            written by its thread only
 *   72 FREE_LISTS: 26 pairs of head and length             objects freed by its thread
 *   124 DELAYED_CHUNK  _COUNT  _BYTES  _DUE                what its thread frees later
 *   128 RINGS: RAW │ MEM │ OBJ │ MEM via RAW │ OBJ via RAW    5 sets of 64 ring heads
 *   320 in the free-threaded build  RAW │ MEM │ OBJ           3 sets of 64 ring tails
 * ```
 *
 * A ring set has one word for each size class: 32 small classes, 24 medium ones.
 * Rings belong to the thread while it is ATTACHED (RAW: always); of a DETACHED
 * thread to who moved its state to SUSPENDED. Slot 0 is NOBODY: its news are
 * those of abandoned pools. Slot 1 is the GIL: its rings are those of
 * whoever holds the GIL.
 *
 * Source: CPython 3.14 Include/internal/pycore_tstate.h, pycore_mimalloc.h.
 *
 * @module
 */

/**
 * Bits 0–7: DETACHED, ATTACHED, SUSPENDED and so on; of SUSPENDED also
 * bits 8–15: slot of who suspended it, and bit 16: its thread sleeps on this
 * word. Atomic. C: tstate->state.
 */
export const X_STATE = 0;
/** How often the slot was given out. Count, 19 bits. */
export const INCARNATION = 1;
/** Requests that the thread looks at in safe points, see `eval_breaker.ts`. Atomic. */
export const X_EVAL_BREAKER = 2;
/** FREE, IN_USE or RESERVING: whether the slot belongs to a worker. Atomic. */
export const X_IN_USE = 3;
/** 1 once its worker holds a Web Lock that tells of its death. Atomic. */
export const X_CERTIFIED = 4;
/** 0, REVOKED or DEAD: what the thread was declared to be. Atomic, grows only. */
export const X_FENCE = 5;
/** Groups of words with news of MEM and OBJ, see `news.ts`. Bits, atomic. */
export const X_NEWS = 16;
/** Groups of words with news of RAW. Bits, atomic. */
export const X_RAW_NEWS = 17;
/** First entry of the queue of objects to merge, or 0; and CLOSED. Word index, atomic. */
export const X_TO_MERGE = 18;
/** Last write sequence seen, or 0 while detached. Atomic. */
export const X_QSBR_SEQ = 32;
/** Whether its thread is inside of a trace operation. Atomic. */
export const X_TRACING = 33;
/** Words of the stack of critical sections that are in use. Count. */
export const SECTION_DEPTH = 34;
/** Where the stack goes on, a block of RAW, or 0. Word index. */
export const SECTION_MORE = 35;
/** The stack, see `threads/sections.ts`. */
export const SECTIONS = 36;
/** Waiter record. */
export const WAITER = 48;
/** Blocks this thread freed into other holders' pools. Count. */
export const STAT_REMOTE_FREES = 64;
/** Times this thread had to park for a lock. Count. */
export const STAT_LOCK_WAITS = 65;
/** Pools and spans this thread took. Count. */
export const STAT_POOLS_TAKEN = 66;
/** Pools of exited threads this thread adopted. Count. */
export const STAT_ADOPTED = 67;
/** Times this thread waited for the GIL. Count. */
export const STAT_GIL_WAITS = 68;
/** Free lists of objects: head and length of each, see `objects/free_lists.ts`. */
export const FREE_LISTS = 72;
/** Chunk that its thread appends to, see `mem_work_chunk.ts`, or 0. Word index. */
export const DELAYED_CHUNK = 124;
/** Items that its thread has put off since it last started a sequence. Count. */
export const DELAYED_COUNT = 125;
/** Their size. Bytes. */
export const DELAYED_BYTES = 126;
/** 1 if its thread shall look what it may free. C: qsbr->should_process. */
export const DELAYED_DUE = 127;
/** Five sets of ring heads. */
export const RINGS = 128;

/**
 * From a ring head to its tail, the last pool of the ring if it has one.
 * Free-threaded build only; the sets that it has no rings in. Words.
 */
export const TO_TAIL = 192;

/** Words of one ring set. Count. */
export const RING_SET = 64;
/** Ring set of blocks that MEM (with 1) and OBJ (with 2) get from the RAW engine. */
export const VIA_RAW = 2;

/** State: not attached; memory of MEM and OBJ may not be touched. */
export const DETACHED = 0;
/** State: attached. */
export const ATTACHED = 1;
/** State: detached and stopped by another thread, until it sets DETACHED. */
export const SUSPENDED = 2;
/** State: exiting, or of no worker yet; never attaches again. */
export const SHUTTING_DOWN = 3;
/** State: cut off from the heap. Its worker may still run. */
export const REVOKED = 4;
/** State: its worker is known to be dead and has not been recovered yet. */
export const DEAD = 5;

/** X_IN_USE: nobody has the slot. */
export const FREE = 0;
/** X_IN_USE: a worker has the slot; whoever stops the world counts it. */
export const IN_USE = 1;
/** X_IN_USE: a worker is about to have the slot; nobody counts it. */
export const RESERVING = 2;

/** Words of the stack of critical sections in the record. Count. */
export const SECTIONS_HERE = 12;
/** Words of it in a block of RAW. Count. */
export const SECTIONS_MORE = 4096;

/** X_TO_MERGE: nobody puts objects into the queue any more. */
export const CLOSED = -2147483648;

/** Size of the record. Words. */
export const SIZEOF = 512;
