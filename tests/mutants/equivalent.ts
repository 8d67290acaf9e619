/**
 * Mutants that change nothing that anybody could see, and why.
 *
 * A key is that of `keyOf` of a mutant: file, function, operator, texts. In a
 * key here `*` stands for any text. The nightly run judges these mutants as
 * well: a key that covers too much is found, because one of its mutants is.
 *
 * @module
 */

import { type Group, ORDER, TUNING } from "./equivalent_order.ts";
import { keyOf, type Mutant } from "./operators.ts";

const CUT_OFF: readonly Group[] = [
  {
    why: "who is revoked at that moment finds out now, or at its next call",
    of: [
      "src/threads/thread_state.ts detachState swap: *requireNotRevoked(m); *",
      "src/threads/thread_state.ts detachState delete: Suspension.requireNotRe*",
    ],
  },
];

const BOUNDS: readonly Group[] = [
  {
    why:
      "one step more: the word behind the last page, arena, class, slot or " +
      "bin is 0, which is nothing to do",
    of: [
      "src/* flip: for (let page = *; page < m.pages; *",
      "src/raw/rebuild.ts rebuildLocked flip: while (page < m.pages) *",
      "src/raw/rebuild.ts spanLength flip: * => end <= m.pages *",
      "src/raw/rebuild.ts clear flip: *",
      "src/raw/rebuild.ts clear constant: * => * RunBins.BIN_COUNT / (32*",
      "src/raw/runs.ts giveLocked flip: next < m.pages *",
      "src/pools/supply.ts ripen flip: for (let szidx = 0; *",
      "src/pools/leave.ts releaseSpares flip: for (let szidx = 0; *",
      "src/pools/leave.ts help constant: releaseSpares(*OBJ + (1 + 1));",
      "src/pools/leave.ts releaseGilSpares constant: *RAW + (1 + 1);",
      "src/pools/repair.ts rings constant: to + 1 + ThreadState.VIA_RAW, => " +
      "to + (1 + 1) *",
      "src/recovery/recover.ts resumeThreads flip: for (let slot = *",
      "src/sync/parking_lot.ts emptyLocked flip: for (let slot = *",
      "src/sync/fatal.ts poison flip: for (let slot = *",
      "src/threads/suspension.ts * flip: for (let slot = *",
      "src/threads/qsbr.ts scan flip: for (let slot = *",
      "src/sync/parking_lot.ts recover flip: for (let bucket = 0; *",
    ],
  },
  {
    why: "the loop goes from arena to arena: page 1 is of the first one, too",
    of: ["src/pools/repair.ts * constant: for (let page = 0; * (0 + 1); *"],
  },
  {
    why: "writes a 0 to a word of the NULL record, which is 0, or reads it",
    of: [
      "src/pools/arena.ts takePool condition: if (next !== 0) * => if (true)*",
      "src/pools/arena.ts takePool constant: * => if (next !== (0 + 1)) *",
      "src/pools/arena.ts leaveCount constant: const isSame = prev !== 0 *",
      "src/pools/repair.ts find constant: if (at === 0 || *(at === (0 + 1) *",
    ],
  },
  {
    why: "at the edge both ways come to the same value",
    of: [
      "src/threads/qsbr.ts scan flip: if (((seen - min) | 0) *",
      "src/threads/qsbr.ts scan flip: if (seq === * ((seq - min) | 0) > 0) *",
      "src/threads/qsbr.ts scan constant: if (seq === * >= (0 + 1)) continue;",
      "src/threads/qsbr.ts scan constant: if (seq === * | (0 + 1)) >= 0) *",
      "src/threads/qsbr.ts scan constant: if (((seen - min) | 0) >= 0) * >= (0 + 1)) *",
      "src/raw/runs.ts binOf flip: if (length < EXACT) *",
      "src/raw/runs.ts fittingBin flip: if (length < EXACT) *",
      "src/raw/runs.ts account flip: if (used > *",
      "src/raw/runs.ts arenaPlace flip: if (end > HALF) *",
      "src/pools/arena.ts create flip: if (current > *",
      "src/pools/repair.ts arenaSet flip: if (current > *",
      "src/raw/rebuild.ts mendLarge flip: * => if (nbytes >= most *",
      "src/recovery/fence.ts declare flip: while (seen < to) *",
      "src/recovery/fence.ts tryFence flip: if (state >= to) *",
      "src/sync/mutex.ts lockSlow flip: } else if (leftMs <= 0) { *",
    ],
  },
  {
    why: "no bin is beyond the eighth word, and none that long has a run",
    of: [
      "src/raw/runs.ts module constant: const BITMAP_WORDS *",
      "src/raw/runs.ts nextBin flip: *BITMAP_WORDS*",
      "src/raw/runs.ts nextBin constant: : 0; *",
    ],
  },
  {
    why: "the same bin: lengths from 112 to 127 and from 128 to 159 share one",
    of: [
      "src/raw/runs.ts findForArena constant: const bin = * (1 + 1)));",
      "src/raw/runs.ts findForArena constant: const bin = * (1 - 1)));",
      "src/raw/runs.ts findForArena constant: for (let b = *((2 + 1) *",
      "src/raw/runs.ts findForArena constant: for (let b = * - (2 *",
    ],
  },
  {
    why: "a pool is carved to its end, or two blocks or more are left",
    of: [
      "src/pools/* flip: i32[pool + *NEXTOFFSET] > i32[pool + *",
    ],
  },
];

const SAME: readonly Group[] = [
  {
    why:
      "the stopper counts again before it believes the countdown, and each " +
      "millisecond; who is not counted down costs that time",
    of: [
      "src/threads/suspension.ts suspendOthersLocked *: Atomics.sub(*",
      "src/threads/suspension.ts shutDownLocked condition: Atomics.load(i32, REQUESTED)* => false",
      "src/threads/suspension.ts shutDownLocked delete: if ( Atomics.load(i32, REQUESTED)*",
      "src/threads/suspension.ts shutDownLocked flip: Atomics.load(i32, REQUESTER) *",
      "src/threads/suspension.ts shutDownLocked delete: countDownLocked(m); => ;",
    ],
  },
  {
    why: "a name for a value, which is the same or another one as good",
    of: [
      "src/sync/parking_lot.ts park return: *return PARK_OK; *",
      "src/sync/parking_lot.ts module constant: export const PARK_OK *",
    ],
  },
  {
    why: "nobody sleeps who would be woken, or who wakes too early looks again",
    of: [
      "src/sync/raw_mutex.ts module constant: const WAITED = 2; => *(2 + 1);",
      "src/sync/raw_mutex.ts unlock constant: Atomics.notify(i32, at, 1); *",
      "src/sync/parking_lot.ts wake constant: Atomics.notify(* (1 + 1));",
      "src/threads/gil.ts dropFinal flip: if (Atomics.load(i32, WAITERS) *",
      "src/threads/gil.ts dropFinal condition: * => if (true) Atomics.notify(*",
      "src/threads/gil.ts dropFinal constant: * (1 + 1));",
      "src/threads/gil.ts noteHolder condition: * => if (true) Atomics.notify(*",
      "src/threads/gil.ts noteHolder flip: if (Atomics.load(i32, SWITCH_WAITERS) *",
      "src/sync/raw_mutex.ts lockRecovering silence: Atomics.notify(i32, at); => ;",
    ],
  },
  {
    why: "no owner value is that small",
    of: ["src/sync/parking_lot.ts emptyLocked constant: const isLeft = by *"],
  },
  {
    why: "the compare-and-exchange that follows says the same",
    of: [
      "src/threads/thread_state.ts raiseUsed condition: * => if (false) return;",
      "src/threads/thread_state.ts raiseUsed delete: if (seen === old) return; => ;",
      "src/sync/raw_mutex.ts lockSleeping delete: seen = Atomics.load(*",
      "src/sync/raw_mutex.ts lockSleeping swap: Atomics.wait(*",
      "src/sync/raw_mutex.ts lockSleeping condition: * => if (true) {",
      "src/threads/gil.ts waitForSwitch condition: * => if (false) break;",
      "src/threads/gil.ts waitForSwitch delete: if (Atomics.load(i32, SWITCH_NUMBER) !== before) break; => ;",
      "src/sync/mutex.ts announceParked delete: if ((seen & HAS_PARKED) *",
      "src/sync/mutex.ts announceParked condition: * => if (false) return true;",
    ],
  },
  {
    why: "the sign is the same",
    of: [
      "src/sync/mutex.ts unlockParked constant: * | (0 + 1)) >= 0) {",
    ],
  },
  {
    why: "a suspended word changes once before its suspender changes it: it " +
      "gets WAITED",
    of: [
      "src/threads/suspension.ts resumeFrom delete: if (seen !== old) *",
      "src/threads/suspension.ts resumeFrom condition: * => if (false) continue;",
      "src/threads/suspension.ts resumeFrom delete: return; => ;",
    ],
  },
  {
    why: "an endless time with a time taken from it is endless",
    of: [
      "src/sync/parking_lot.ts sleep condition: if (deadline * => if (true) *",
      "src/sync/event.ts wait condition: if (deadline * => if (true) *",
    ],
  },
  {
    why: "sequences are odd, so leads are even, as the largest one is",
    of: [
      "src/threads/qsbr.ts advance constant: if (((seen - * | (0 + 1)) *",
      "src/threads/qsbr.ts poll constant: return * <= (0 + 1);",
      "src/threads/qsbr.ts scan constant: if (((seen - min) | 0) * | (0 + 1)) *",
      "src/threads/qsbr.ts goalReached constant: return * <= (0 + 1);",
    ],
  },
  {
    why: "words of the NULL record, which are 0, say the same of no thread",
    of: [
      "src/threads/suspension.ts isLost delete: if (m.thread === 0) *",
      "src/threads/suspension.ts isLost constant: if (m.thread === 0) *",
      "src/threads/safe_point.ts safePoint *: if (m.thread === 0) return; => ;",
      "src/threads/safe_point.ts safePoint condition: if (m.thread * => if (false) *",
      "src/threads/safe_point.ts safePoint constant: if (m.thread === 0) *",
      "src/threads/suspension.ts isLost condition: if (m.thread === 0) * => if (false) *",
      "src/threads/thread_state.ts isAttached constant: return m.thread !== *",
    ],
  },
  {
    why: "who was unparked finds its name in the record, and need not sleep",
    of: ["src/sync/parking_lot.ts sleep return: return true; => return false;"],
  },
  {
    why: "the long way comes to the same: the lock that it takes is nobody " +
      "else's, or the list that it looks at is empty",
    of: [
      "src/pools/supply.ts release *: if (!Policy.needsLock(m, key)) { => " +
      "if (false) {",
      "src/pools/supply.ts release delete: if (!Policy.needsLock(*",
      "src/pools/supply.ts retire delete: if (!Policy.needsLock(*",
      "src/pools/supply.ts retire condition: * => if (false) {",
      "src/pools/acquire.ts pool delete: if (!Policy.needsLock(*",
      "src/pools/acquire.ts pool condition: * => if (false) return pymalloc*",
      "src/pools/acquire.ts supply condition: if (* Supply.ripen(m, set); => " +
      "if (true) Supply.ripen(m, set);",
      "src/pools/leave.ts helpDetached delete: if (m.*",
      "src/pools/leave.ts helpDetached condition: if (m.* => if (false) return;",
      "src/pools/leave.ts helpDetached constant: const wantsPool = *",
      "src/pools/leave.ts releaseGilSpares delete: if (!m.*",
      "src/pools/leave.ts releaseGilSpares condition: * => if (false) return;",
      "src/pools/leave.ts relieve condition: * => if (true) ripen(*",
      "src/pools/leave.ts trim constant: * 0, (0 + 1));",
      "src/raw/large.ts resize condition: * => if (true) {",
      "src/threads/qsbr.ts quiescentState delete: if (seq === i32[WR_SEQ]) *",
      "src/threads/thread_state.ts detach flip: if (Sections.depth(m) > 0) *",
      "src/threads/thread_state.ts detach condition: if (Sections.* => if (true) *",
      "src/threads/safe_point.ts safePoint condition: if (m.build * => if (true) *",
      "src/threads/suspension.ts resumeOthersLocked delete: if (slot === *",
      "src/threads/suspension.ts resumeOthersLocked condition: if (slot * => if (false) *",
      "src/threads/world.ts lockWorld condition: if (Mutex.tryLock(* => if (false) *",
      "src/threads/world.ts lockWorld delete: if (Mutex.tryLock(*",
      "src/sync/fatal.ts verdict constant: if (length < 0 * (0 + 1) *",
      "src/threads/qsbr.ts quiescentState condition: if (seq === i32[WR_* => if (false) *",
      "src/recovery/recover.ts recoverLocked condition: if (m.build * => " +
      "if (true) *",
    ],
  },
  {
    why: "the slow way does the same, or looks first whether there is need",
    of: [
      "src/sync/mutex.ts unlock condition: * => if (true) {",
      "src/sync/raw_mutex.ts lock condition: * => if (true) {",
      "src/sync/mutex.ts lockSlow delete: if (trySpin(m, at)) return true; *",
      "src/sync/mutex.ts lockSlow condition: if (trySpin(* => if (false) *",
    ],
  },
  {
    why: "who is called looks again, or does what was left out itself",
    of: [
      "src/pools/supply.ts surrender delete: return; => ;",
      "src/pools/arena.ts create delete: i32[set + ArenaSet.NFP2LASTA *",
      "src/pools/pool.ts firstUsed condition: * => if (true) pool = *",
      "src/pools/pool.ts take condition: if (block === 0) { => if (true) {",
      "src/pools/pool.ts give condition: * => if (true) {",
      "src/pools/leave.ts exit *: for (let k = 0; *",
      "src/pools/leave.ts exit delete: i32[m.thread + ThreadState.RINGS *",
      "src/pools/leave.ts exit constant: i32[m.thread + ThreadState.RINGS *",
      "src/pools/repair.ts finishDrain delete: if (stack === 0) return; => ;",
      "src/pools/repair.ts finishDrain condition: * => if (false) return;",
      "src/pools/repair.ts finishDrain constant: if (stack === 0) *",
      "src/pools/repair.ts finishCarve delete: if (end === *",
      "src/pools/repair.ts finishCarve condition: if (end === * => if (false)*",
      "src/pools/repair.ts wasTaken *: if (now === 0) return true; => ;",
      "src/pools/repair.ts wasTaken condition: if (now === 0) * => if (false)*",
      "src/pools/repair.ts wasTaken constant: if (now === 0) *",
      "src/pools/repair.ts clearSet *: i32[set + ArenaSet.CURRENT] = 0;*",
      "src/pools/repair.ts clearSet flip: for (let k = ArenaSet.NFP2LASTA; *",
      "src/pools/repair.ts rings constant: let wrong = 0; *",
      "src/pools/repair.ts rings return: return wrong; *",
      "src/pools/repair.ts announceAll condition: * => if (true) *",
      "src/pools/repair.ts giveBackTaken delete: if (Atomics.load(*",
      "src/pools/repair.ts giveBackTaken condition: * => if (false) continue;",
      "src/recovery/fence.ts declare delete: if (seen === old) return; => ;",
      "src/recovery/fence.ts declare condition: * => if (false) return;",
      "src/recovery/fence.ts tryFence delete: Atomics.store(*X_QSBR_SEQ*",
      "src/recovery/recover.ts resumeThreads *: if ((word & *SUSPENDED) " +
      "continue; => ;",
      "src/recovery/recover.ts resumeThreads condition: if ((word & * => " +
      "if (false) continue;",
      "src/recovery/recover.ts freeGil constant: if (seen === 0 || *",
      "src/threads/qsbr.ts scan condition: * => if (true) min = seq;",
    ],
  },
  {
    why: "an entry that nobody asks for: arenas without free pools are in no " +
      "list",
    of: [
      "src/pools/arena.ts takePool condition: if (nfreepools > 1) * => if (true)*",
      "src/pools/arena.ts takePool flip: if (nfreepools > 1) *",
      "src/pools/arena.ts takePool constant: if (nfreepools > 1) * (1 - 1)) *",
    ],
  },
  {
    why: "recovery is by one at a time, and nobody else changes a word that " +
      "names the dead",
    of: [
      "src/recovery/recover.ts freeGil split: *",
      "src/recovery/recover.ts freeThreads swap: Atomics.store(*",
    ],
  },
  {
    why: "asked for another length only, by `Large.resize()`",
    of: [
      "src/raw/runs.ts resize flip: *",
    ],
  },
  {
    why: "there is no such run, as the next look finds out",
    of: [
      "src/raw/runs.ts growLocked *: if (page + wanted > m.pages) return " +
      "false; => ;",
      "src/raw/runs.ts growLocked condition: if (page + * => if (false) *",
      "src/raw/runs.ts growLocked flip: if (page + *",
      "src/raw/large.ts alloc flip: if (length >= m.pages) *",
      "src/raw/large.ts alloc delete: if (length >= m.pages) *",
      "src/raw/large.ts alloc condition: if (length >= m.pages) * => if (false) *",
    ],
  },
  {
    why: "more pages are looked at than need be; what is found there is the " +
      "holder's as well",
    of: [
      "src/pools/remote.ts module constant: const MIB_PAGES = 1 << * (1 + 1)*",
    ],
  },
  {
    why: "the lowest bits are shifted out, or masked",
    of: ["src/pools/remote.ts push constant: const top = ((block | 0) *"],
  },
];

const DAMAGE: readonly Group[] = [
  {
    why: "when one looks whether the owner of a lock can be right",
    of: [
      "src/sync/mutex.ts lockSlow *: if (spentMs >= LOOK_MS) *",
    ],
  },
  {
    why:
      "tells only damaged tables from whole ones, or bounds the way through " +
      "them: `tests/fuzz/corrupt` damages them",
    of: [
      "src/raw/runs.ts find constant: if (bin !== 0) return requireRun(* => *, (0 + 1));",
      "src/raw/runs.ts find constant: let steps = 0; *",
      "src/raw/runs.ts find constant: const page = requireRun(*",
      "src/raw/runs.ts findForArena constant: if (bin !== 0) return " +
      "requireRun(* => *, (0 + 1));",
      "src/raw/runs.ts findForArena constant: let steps = 0; *",
      "src/pools/leave.ts releaseSpare constant: let steps = 0; *",
      "src/pools/repair.ts isCarved flip: *offset <= m.i32[pool + NEXTOFFSET]*",
      "src/pools/repair.ts find delete: if (at === 0 || *",
      "src/pools/repair.ts find condition: if (at === 0 || * => if (false) *",
      "src/pools/repair.ts find constant: *-1; => *-(1 + 1);",
      "src/pools/repair.ts mend delete: if (free < 0) *",
      "src/pools/repair.ts mend condition: if (free < 0) * => if (false) *",
      "src/pools/repair.ts mend constant: if (free < 0) return 0; => " +
      "if (free < 0) return (0 + 1);",
    ],
  },
];

/** All groups. */
export const GROUPS: readonly Group[] = [
  ...TUNING,
  ...ORDER,
  ...CUT_OFF,
  ...BOUNDS,
  ...SAME,
  ...DAMAGE,
];

/** A key with `*` as an expression. */
function patternOf(key: string): RegExp {
  const parts = key.split("*").map((text) =>
    text.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
  );
  return new RegExp(`^${parts.join(".*")}$`);
}

const PATTERNS = GROUPS.flatMap(({ why, of }) =>
  of.map((key) => ({ key, why, pattern: patternOf(key) }))
);

/** Why a mutant is equivalent, or undefined. */
export function reasonOf(mutant: Mutant): string | undefined {
  const key = keyOf(mutant);
  return PATTERNS.find(({ pattern }) => pattern.test(key))?.why;
}

/** Keys that no mutant has: what they stood for has changed. */
export function unused(mutants: readonly Mutant[]): string[] {
  const keys = mutants.map(keyOf);
  return PATTERNS.filter(({ pattern }) =>
    !keys.some((key) => pattern.test(key))
  ).map(({ key }) => key);
}
