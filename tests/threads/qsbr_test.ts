/** Quiescent-state based reclamation: goals, polls, and 32 bits of sequence. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as Layout from "../../src/layout/memory_map.ts";
import * as QsbrShared from "../../src/layout/qsbr.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type { Memory } from "../../src/memory/mod.ts";
import { Qsbr, SafePoint, ThreadStates } from "../../src/threads/mod.ts";
import { another, freeThreaded, withGil } from "../sync/heap.ts";

const WR_SEQ = Layout.QSBR + QsbrShared.X_WR_SEQ;
const RD_SEQ = Layout.QSBR + QsbrShared.X_RD_SEQ;

function attached(m: Memory): Memory {
  ThreadStates.attach(m);
  return m;
}

function seqOf(m: Memory): number {
  return m.i32[m.thread + ThreadState.X_QSBR_SEQ];
}

/** Moves all sequences of a heap with nobody attached. */
function startAt(m: Memory, seq: number): void {
  m.i32[WR_SEQ] = seq;
  m.i32[RD_SEQ] = seq;
}

describe("Qsbr", () => {
  it("C40: reaches no goal while a reader is not quiescent", () => {
    const m = attached(freeThreaded());
    const reader = attached(another(m));
    const goal = Qsbr.advance(m);
    assertFalse(Qsbr.goalReached(m, goal));
    assertFalse(Qsbr.poll(m, goal));
    SafePoint.safePoint(m);
    assertFalse(Qsbr.poll(m, goal));
    ThreadStates.detach(reader);
    assert(Qsbr.poll(m, goal));
    assert(Qsbr.goalReached(reader, goal));
  });

  it("reaches a goal when all have passed a safe point", () => {
    const m = attached(freeThreaded());
    const readers = [attached(another(m)), attached(another(m))];
    const goal = Qsbr.advance(m);
    SafePoint.safePoint(m);
    SafePoint.safePoint(readers[0]);
    assertFalse(Qsbr.poll(m, goal));
    SafePoint.safePoint(readers[1]);
    assert(Qsbr.poll(m, goal));
  });

  it("does not wait for who attaches after the goal was set", () => {
    const m = attached(freeThreaded());
    const goal = Qsbr.advance(m);
    const late = attached(another(m));
    SafePoint.safePoint(m);
    assert(Qsbr.poll(m, goal));
    ThreadStates.release(late);
  });

  it("does not wait for threads that were released", () => {
    const m = attached(freeThreaded());
    const reader = attached(another(m));
    const goal = Qsbr.advance(m);
    SafePoint.safePoint(m);
    assertFalse(Qsbr.poll(m, goal));
    ThreadStates.release(reader);
    assert(Qsbr.poll(m, goal));
  });

  it("reaches a deferred goal after somebody advances", () => {
    const m = attached(freeThreaded());
    const goal = Qsbr.sharedNext(m);
    assertEquals(Qsbr.sharedNext(m), goal);
    SafePoint.safePoint(m);
    assertFalse(Qsbr.poll(m, goal));
    assertEquals(Qsbr.advance(m), goal);
    SafePoint.safePoint(m);
    assert(Qsbr.poll(m, goal));
  });

  it("keeps a thread that is not attached offline", () => {
    const m = freeThreaded();
    SafePoint.safePoint(m);
    assertEquals(seqOf(m), QsbrShared.OFFLINE);
    ThreadStates.attach(m);
    assertEquals(seqOf(m), QsbrShared.INITIAL);
    ThreadStates.detach(m);
    assertEquals(seqOf(m), QsbrShared.OFFLINE);
  });

  for (const seq of [0x7ffffffb, -5, 0x7fffffff, -1]) {
    it(`goes on past the end of the numbers (from ${seq})`, () => {
      const m = freeThreaded();
      startAt(m, seq);
      attached(m);
      const reader = attached(another(m));
      for (let i = 0; i < 6; i++) {
        const goal = Qsbr.advance(m);
        assertEquals(goal & 1, 1);
        SafePoint.safePoint(m);
        assertFalse(Qsbr.poll(m, goal));
        SafePoint.safePoint(reader);
        assert(Qsbr.poll(m, goal));
        assertFalse(Qsbr.goalReached(m, Qsbr.sharedNext(m)));
      }
      assertEquals(m.i32[WR_SEQ], (seq + 12) | 0);
    });
  }

  it("does not run away from a reader that sleeps", () => {
    const m = attached(freeThreaded());
    const sleeper = attached(another(m));
    m.i32[WR_SEQ] = 1 + (1 << 30) - 4;
    SafePoint.safePoint(m);
    Qsbr.advance(m);
    const goals = [Qsbr.advance(m), Qsbr.advance(m), Qsbr.advance(m)];
    assertEquals(goals[0], goals[2]);
    SafePoint.safePoint(m);
    assertFalse(Qsbr.poll(m, goals[0]));
    SafePoint.safePoint(sleeper);
    assertFalse(Qsbr.poll(m, goals[0]));
    assertEquals(Qsbr.advance(m), goals[0]);
    SafePoint.safePoint(m);
    SafePoint.safePoint(sleeper);
    assert(Qsbr.poll(m, goals[0]));
  });

  it("has nothing to wait for under the GIL", () => {
    const m = attached(withGil());
    assert(Qsbr.goalReached(m, Qsbr.sharedNext(m)));
    assert(Qsbr.poll(m, Qsbr.advance(m)));
    assertEquals(seqOf(m), QsbrShared.OFFLINE);
  });
});
