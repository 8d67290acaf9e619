/**
 * Bugs of the past, planted again: those of other allocators and runtimes that
 * could be made here as well, and those that were made here.
 *
 * Each is a replacement of text that must apply exactly once, and the models
 * of which one must find it.
 *
 * @module
 */

import type { Model } from "../checker/model.ts";
import * as Header from "../../src/layout/header.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { models as DEATHS } from "../models/deaths.ts";
import * as ExtraDeaths from "../models/extra_deaths.ts";
import * as Extra from "../models/extra_threads.ts";
import { event } from "../models/event.ts";
import * as Fences from "../models/fences.ts";
import { gil } from "../models/gil.ts";
import { mutex, timedMutex } from "../models/mutex.ts";
import * as Patience from "../models/patience.ts";
import { qsbr } from "../models/qsbr.ts";
import { rawMutex } from "../models/raw_mutex.ts";
import * as Remote from "../models/remote.ts";
import { suspension } from "../models/suspension.ts";
import { world } from "../models/world.ts";
import { OBJECTS } from "./history_objects.ts";

/** A planted bug. */
export interface Planted {
  /** What is wrong, in a few words. */
  readonly name: string;
  /** File that is changed. */
  readonly path: string;
  /** Pairs of a text and what replaces it. */
  readonly edits: readonly (readonly [string, string])[];
  /** Models, of which one must find it. */
  readonly models: readonly Model[];
}

/** A model of deaths by the start of its name. */
export function death(start: string): Model {
  const found = DEATHS.find(({ name }) => name.startsWith(start));
  if (!found) throw new Error(`No model of deaths is called "${start}"`);
  return found;
}

/** Text of the file with the bug in it. */
export function planted(bug: Planted, source: string): string {
  let text = source;
  for (const [before, after] of bug.edits) {
    const at = text.indexOf(before);
    if (at < 0 || text.indexOf(before, at + 1) >= 0) {
      throw new Error(
        `"${bug.name}" does not apply to ${bug.path}: "${before}" must be ` +
          "there once",
      );
    }
    text = text.slice(0, at) + after + text.slice(at + before.length);
  }
  return text;
}

const LOT = "src/sync/parking_lot.ts";
const LOCK = "RawMutex.lock(m, bucket + Bucket.X_LOCK);";
const COMPARE = `if (Atomics.load(i32, addr) !== expected) {
    RawMutex.unlock(m, bucket + Bucket.X_LOCK);
    return PARK_AGAIN;
  }`;

const SYNC: readonly Planted[] = [
  {
    name: "parking lot: compares before it locks the bucket",
    path: LOT,
    edits: [[
      `${LOCK}\n  ${COMPARE}`,
      `if (Atomics.load(i32, addr) !== expected) return PARK_AGAIN; ${LOCK}`,
    ]],
    models: [event(2, false), mutex(2, 3)],
  },
  {
    name: "parking lot: who timed out overlooks that it is being woken",
    path: LOT,
    edits: [["if (i32[waiter + Waiter.UNPARKED_BY] !== 0) {", "if (false) {"]],
    models: [timedMutex(2), event(2, true)],
  },
  {
    name: "parking lot: looks at a waiter after it was woken",
    path: LOT,
    edits: [
      ["wake(i32, woken);\n    woken = next;", "woken = next;"],
      [
        "const next = i32[woken + Waiter.NEXT];\n",
        "wake(i32, woken); const next = i32[woken + Waiter.NEXT];\n",
      ],
    ],
    models: [Extra.twoEvents(1)],
  },
  {
    name: "parking lot: the semaphore is raised without a wake-up",
    path: LOT,
    edits: [["  Atomics.notify(i32, sema, 1);\n", ""]],
    models: [event(2, false)],
  },
  {
    name: "parking lot: woken by one that died before the notify",
    path: LOT,
    edits: [[
      "Atomics.notify(i32, waiter + Waiter.X_SEMA);\n    }",
      "}",
    ]],
    models: [ExtraDeaths.lockOfTheDead(1, 2), ExtraDeaths.eventOfTheDead(2)],
  },
  {
    name: "parking lot: waiters taken off by one that died are forgotten",
    path: LOT,
    edits: [[
      "if (isAsleep && (by === 0 || isLeft))",
      "if (isAsleep && by === 0)",
    ]],
    models: [ExtraDeaths.lockOfTheDead(1, 2), ExtraDeaths.eventOfTheDead(2)],
  },
  {
    name: "parking lot: a name left in a record wakes its next sleep",
    path: LOT,
    edits: [[
      "  i32[waiter + Waiter.ADDR] = 0;\n  Atomics.store(",
      "  Atomics.store(",
    ]],
    models: [Fences.staleName()],
  },
  {
    name: "parking lot: who parks during a fatal error never hears of it",
    path: LOT,
    edits: [["    Fatal.check(m);\n    Atomics.wait(", "    Atomics.wait("]],
    models: [
      Patience.toldOfTheEnd("an event"),
      Patience.toldOfTheEnd("a lock"),
    ],
  },
  {
    name: "stop-the-world: who is cut off is still waited for",
    path: "src/threads/world.ts",
    edits: [["    Suspension.recountLocked(m);", ""]],
    models: [Fences.fenceOfTheStopped(ThreadState.REVOKED, "revoked")],
  },
  {
    name: "mutex: forgets that others are parked",
    path: "src/sync/mutex.ts",
    edits: [[
      "if (ParkingLot.bucketHasWaiters(m, at)) word |= HAS_PARKED;",
      "",
    ]],
    models: [mutex(3, 1)],
  },
  {
    name: "mutex: word written after the bucket is unlocked",
    path: "src/sync/mutex.ts",
    edits: [[
      `Atomics.store(i32, at, word); // COMMIT
  ParkingLot.finishUnpark(m, at, waiter);`,
      "ParkingLot.finishUnpark(m, at, waiter); Atomics.store(i32, at, word);",
    ]],
    models: [mutex(2, 3), mutex(3, 1)],
  },
  {
    name: "mutex: who is handed the lock does not notice",
    path: "src/sync/mutex.ts",
    edits: [[
      "Atomics.load(i32, at) >>> OWNER_SHIFT === m.owner;",
      "false;",
    ]],
    models: [timedMutex(2), timedMutex(3, 3)],
  },
  {
    name: "mutex: handed over without the name of the new owner",
    path: "src/sync/mutex.ts",
    edits: [[
      "word = (ownerOfWaiter(i32, waiter) << OWNER_SHIFT) | LOCKED;",
      "word = LOCKED;",
    ]],
    models: [timedMutex(2), timedMutex(3, 3)],
  },
  {
    name: "raw mutex: taken again without WAITED",
    path: "src/sync/raw_mutex.ts",
    edits: [[
      "lockSleeping(m, at, mine | WAITED);",
      "lockSleeping(m, at, mine);",
    ]],
    models: [rawMutex(3, 1)],
  },
  {
    name: "event: set before it is known who is parked",
    path: "src/sync/event.ts",
    edits: [[
      "if (Atomics.exchange(m.i32, at, SET) === HAS_PARKED) {",
      "const had = Atomics.load(m.i32, at); Atomics.store(m.i32, at, SET); " +
      "if (had === HAS_PARKED) {",
    ]],
    models: [event(2, false)],
  },
];

const TAKE =
  `const seen = Atomics.compareExchange(i32, LOCKED, 0, m.owner); // COMMIT
    if (seen === 0) return;`;

/** The GIL without sleeps that end by themselves. */
const STRICT_GIL: Model = {
  ...gil(2, 2),
  name: "GIL 2 x 2, no time-out of a forced switch",
  constants: {
    ...gil(2, 2).constants,
    "src/threads/gil.ts": { SPINS: 0, SWITCH_WAIT_MS: Infinity },
  },
};

/** The GIL where who waits sleeps until it is woken: no interval ends. */
const SLEEPY_GIL: Model = {
  ...gil(2, 2),
  name: "GIL 2 x 2, no interval ends",
  constants: {
    ...gil(2, 2).constants,
    "src/threads/gil.ts": { SPINS: 0, US_PER_MS: 0 },
  },
};

const THREADS: readonly Planted[] = [
  {
    name: "GIL: two take it at once",
    path: "src/threads/gil.ts",
    edits: [[
      TAKE,
      "const seen = Atomics.load(i32, LOCKED); " +
      "if (seen === 0) { Atomics.store(i32, LOCKED, m.owner); return; }",
    ]],
    models: [gil(2, 1), gil(2, 2)],
  },
  {
    name: "GIL: the switch number is read after the drop",
    path: "src/threads/gil.ts",
    edits: [[
      "const before = Atomics.load(m.i32, SWITCH_NUMBER);\n  dropFinal(m);",
      "dropFinal(m); const before = Atomics.load(m.i32, SWITCH_NUMBER);",
    ]],
    models: [STRICT_GIL],
  },
  {
    name: "GIL: nobody tells who waits for a forced switch",
    path: "src/threads/gil.ts",
    edits: [[
      "if (Atomics.load(i32, SWITCH_WAITERS) > 0) Atomics.notify(i32, SWITCH_NUMBER);",
      "",
    ]],
    models: [STRICT_GIL],
  },
  {
    name: "QSBR: attaches without a sequence",
    path: "src/threads/qsbr.ts",
    edits: [
      ["Atomics.store(i32, mine, seen); // COMMIT", ""],
    ],
    models: [qsbr(1, 2, 2)],
  },
  {
    name: "QSBR: a goal that is reached at once",
    path: "src/threads/qsbr.ts",
    edits: [["return (old + QsbrShared.INCR) | 0;", "return old;"]],
    models: [qsbr(1, 2, 2)],
  },
  {
    name: "QSBR: looks at the sequence after it looked at the threads",
    path: "src/threads/qsbr.ts",
    edits: [
      ["let min = Atomics.load(i32, WR_SEQ);", "let min = 0x3fffffff;"],
      [
        "const seen = Atomics.load(i32, RD_SEQ);",
        "if (min === 0x3fffffff) min = Atomics.load(i32, WR_SEQ); " +
        "const seen = Atomics.load(i32, RD_SEQ);",
      ],
    ],
    models: [Extra.twoReclaim(2, 4)],
  },
  {
    name: "QSBR: a thread that attached too late to be seen",
    path: "src/threads/thread_state.ts",
    edits: [["if (!takesGil) Qsbr.attach(m);", ""]],
    models: [qsbr(1, 2, 2)],
  },
  {
    name: "QSBR: the number of threads is raised too late",
    path: "src/threads/thread_state.ts",
    edits: [["raiseUsed(i32, slot + 1);", ""]],
    models: [qsbr(1, 2, 2), Extra.newcomers(1, 1, 3)],
  },
  {
    name: "stop-the-world: the stopper counts itself",
    path: "src/threads/suspension.ts",
    edits: [[
      "if (slot === requester || !isCounted(m, slot)) continue;",
      "if (!isCounted(m, slot)) continue;",
    ]],
    models: [
      world({ mutators: 1, rounds: 1, stoppers: 1, timeoutMs: 10 }),
      world({ mutators: 1, rounds: 2, stoppers: 1 }),
    ],
  },
  {
    name: "stop-the-world: a thread is counted down twice",
    path: "src/threads/suspension.ts",
    edits: [[
      "if (Atomics.sub(m.i32, COUNTDOWN, 1) === 1) PyEvent",
      "if (Atomics.sub(m.i32, COUNTDOWN, 2) <= 2) PyEvent",
    ]],
    models: [
      world({ mutators: 1, rounds: 2, stoppers: 1 }),
      world({ mutators: 2, rounds: 1, stoppers: 1, bound: 3 }),
    ],
  },
  {
    name: "stop-the-world: a newcomer may attach",
    path: "src/threads/suspension.ts",
    edits: [[
      "return suspendedBy(Atomics.load(m.i32, REQUESTER));",
      "return ThreadState.DETACHED;",
    ]],
    models: [Extra.newcomers(1, 1, 3)],
  },
  {
    name: "stop-the-world: who sleeps is not resumed",
    path: "src/threads/suspension.ts",
    edits: [[
      "const seen = Atomics.load(i32, wordOf(slot)) & ~WAITED;\n    if (seen === suspendedBy(m.slot)) resume",
      "const seen = Atomics.load(i32, wordOf(slot));\n    if (seen === suspendedBy(m.slot)) resume",
    ]],
    models: [world({ mutators: 1, rounds: 2, stoppers: 1 })],
  },
  {
    name: "helper: touches a thread that may attach",
    path: "src/threads/suspension.ts",
    edits: [[
      "m.i32,\n    wordOf(slot),\n    ThreadState.DETACHED,\n    word,",
      "m.i32,\n    wordOf(slot),\n    ThreadState.DETACHED,\n    word * 0 + ThreadState.DETACHED,",
    ]],
    models: [suspension(1, 2), Extra.help()],
  },
  {
    name: "thread state: a slot is claimed in two steps",
    path: "src/threads/thread_state.ts",
    edits: [[
      `const seen = Atomics.compareExchange(
      i32,
      at,
      ThreadState.FREE,
      ThreadState.RESERVING,
    ); // COMMIT
    if (seen === ThreadState.FREE) return slot;`,
      "const seen = Atomics.load(i32, at); if (seen === ThreadState.FREE) " +
      "{ Atomics.store(i32, at, ThreadState.RESERVING); return slot; }",
    ]],
    models: [Extra.slots(2, 2, Header.BUILD_FREE_THREADED)],
  },
  {
    name: "thread state: the slot is free before its thread is done with it",
    path: "src/threads/thread_state.ts",
    edits: [[
      "if (attached && m.build === Header.BUILD_GIL) Gil.dropFinal(m);\n",
      "Atomics.store(m.i32, m.thread + ThreadState.X_IN_USE, ThreadState.FREE);" +
      " if (attached && m.build === Header.BUILD_GIL) Gil.dropFinal(m);\n",
    ]],
    models: [
      Extra.slots(2, 1, Header.BUILD_GIL),
      Extra.slots(2, 2, Header.BUILD_GIL),
    ],
  },
];

const POOLS: readonly Planted[] = [
  {
    name: "exit: looks for remote frees before it gives the pool up",
    path: "src/pools/leave.ts",
    edits: [
      [
        "  Atomics.store(i32, Layout.PAGE_MAP + page, orphan); // COMMIT\n",
        "  Remote.noteHolder(m, page); Atomics.store(i32, Layout.PAGE_MAP + page, orphan);\n",
      ],
      [
        "  HeapLock.unlock(m, set + ArenaSet.LOCK);\n  Remote.noteHolder(m, page);\n}\n\n/** Hands all",
        "  HeapLock.unlock(m, set + ArenaSet.LOCK);\n}\n\n/** Hands all",
      ],
    ],
    models: [Remote.exitAndAdopt(2, true), Remote.exitAndAdopt(2, false)],
  },
  {
    name: "exit: a pool is given up without the lock",
    path: "src/pools/leave.ts",
    edits: [[
      "HeapLock.lock(m, set + ArenaSet.LOCK);\n  if (!Ring.isFull(m, pool)) Supply.abandonLocked(m, set, orphan, pool);\n  Atomics.store(i32, Layout.PAGE_MAP + page, orphan); // COMMIT\n  HeapLock.unlock(m, set + ArenaSet.LOCK);",
      "if (!Ring.isFull(m, pool)) Supply.abandonLocked(m, set, orphan, pool); Atomics.store(i32, Layout.PAGE_MAP + page, orphan);",
    ]],
    models: [Remote.exitAndAdopt(3, true), Remote.comeAndGo(2)],
  },
  {
    name: "adoption: two adopt one page, or one that was given back",
    path: "src/pools/supply.ts",
    edits: [[
      "const isFree = Atomics.load(i32, Layout.PAGE_MAP + page) === old &&\n    i32[pool + PoolRecord.COUNT] !== 0;",
      "const isFree = true;",
    ]],
    models: [Remote.rivals(), Remote.exitAndAdopt(3, true)],
  },
  {
    name: "adoption: an adopted pool's remote frees are nobody's news",
    path: "src/pools/acquire.ts",
    edits: [["Remote.noteHolder(m, pageOf(record));", ""]],
    models: [Remote.exitAndAdopt(2, false), Remote.exitAndAdopt(3, false)],
  },
  {
    name: "news: the group is announced before the word",
    path: "src/pools/remote.ts",
    edits: [
      [
        "Atomics.or(i32, wordsOf(key) + word, 1 << (mib & 31));\n",
        "Atomics.or(i32, Policy.newsOf(key), 1 << (word >>> News.GROUP_SHIFT));\n",
      ],
      [
        "Atomics.or(i32, Policy.newsOf(key), 1 << (word >>> News.GROUP_SHIFT)); // COMMIT",
        "Atomics.or(i32, wordsOf(key) + word, 1 << (mib & 31));",
      ],
    ],
    models: [Remote.remoteFrees(2, 2, 2), Remote.exitAndAdopt(3, true)],
  },
  {
    name: "news: cleared after the pages were looked at",
    path: "src/pools/remote.ts",
    edits: [
      [
        "let bits = Atomics.exchange(m.i32, word, 0);",
        "let bits = Atomics.load(m.i32, word);",
      ],
      [
        "collectMib(m, (first + bit) << News.MIB_SHIFT, whose);\n  }",
        "collectMib(m, (first + bit) << News.MIB_SHIFT, whose);\n  } Atomics.store(m.i32, word, 0);",
      ],
    ],
    models: [Remote.remoteFrees(2, 2, 2), Remote.remoteFrees(3, 2, 2)],
  },
  {
    name: "remote free: announced by nobody",
    path: "src/pools/remote.ts",
    edits: [["if (head === 0) announce(m, page);", ""]],
    models: [Remote.remoteFrees(2, 2, 2)],
  },
  {
    name: "remote free: the link is written after the head",
    path: "src/pools/remote.ts",
    edits: [
      ["    i32[block >>> 2] = addressOfTop(base, head);\n", ""],
      [
        "    if (seen === head) break;\n",
        "    if (seen === head) { i32[block >>> 2] = addressOfTop(base, head); break; }\n",
      ],
    ],
    models: [Remote.remoteFrees(2, 2, 2), Remote.remoteFrees(3, 1, 1)],
  },
  {
    name: "full pool that got its blocks back is in no ring (gh-145615)",
    path: "src/pools/remote.ts",
    edits: [["if (wasFull) Ring.insertUsed(m, ring, pool);", ""]],
    models: [Remote.remoteFrees(2, 2, 2)],
  },
  {
    name: "help: a pool goes to the helper's ring (gh-145615)",
    path: "src/pools/remote.ts",
    edits: [[
      "const ring = Policy.ringOf(m, key, i32[pool + PoolRecord.SZIDX]);",
      "const ring = Policy.ringOf(m, Policy.withHolder(key, m.owner), i32[pool + PoolRecord.SZIDX]);",
    ]],
    models: [Extra.help(), Extra.helpWithNews()],
  },
];

const DEAD: readonly Planted[] = [
  {
    name: "drain: the stack is not noted before it is taken",
    path: "src/pools/remote.ts",
    edits: [["i32[pool + PoolRecord.DRAIN] = old;", ""]],
    models: [ExtraDeaths.drainOfTheDead()],
  },
  {
    name: "runs: pages on their way out belong to nobody",
    path: "src/raw/runs.ts",
    edits: [[
      "m.i32[Layout.PAGE_MAP + page] = takenKey(m.owner); // COMMIT",
      "",
    ]],
    models: [
      death("malloc and free of 32768"),
      death("malloc and free of 40000"),
    ],
  },
  {
    name: "recovery: the runs of the dead are not rebuilt",
    path: "src/recovery/recover.ts",
    edits: [["RebuildRuns.rebuildLocked(m);", ""]],
    models: [
      death("malloc and free of 40000"),
      death("malloc and free of 32768"),
    ],
  },
  {
    name: "recovery: the pools of the dead keep their holder",
    path: "src/recovery/recover.ts",
    edits: [["leavePools(m, dead, found);", ""]],
    models: [death("malloc and free of 512")],
  },
  {
    name: "recovery: a stopped world stays stopped",
    path: "src/recovery/recover.ts",
    edits: [["Suspension.resumeFrom(m, slot, by);", ""]],
    models: [ExtraDeaths.worldOfTheDead()],
  },
  {
    name: "recovery: the parked are not woken",
    path: "src/recovery/recover.ts",
    edits: [["  ParkingLot.recover(m);\n", ""]],
    models: [ExtraDeaths.lockOfTheDead(1, 2), ExtraDeaths.eventOfTheDead(2)],
  },
];

/** Models that only this file has; they find nothing in the code as it is. */
export const STRICT: readonly Model[] = [SLEEPY_GIL, STRICT_GIL];

/** All planted bugs. */
export const HISTORY: readonly Planted[] = [
  ...SYNC,
  ...THREADS,
  ...POOLS,
  ...DEAD,
  ...OBJECTS,
];
