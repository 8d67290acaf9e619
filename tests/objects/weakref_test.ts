/** Weak references: what they name, when they die, whose callbacks are called. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, type Heap } from "../../mod.ts";
import {
  FreeLists,
  Long,
  type Objects,
  Protocol,
  Sets,
  Tuple,
  UserType,
  Weakref,
} from "../../src/objects/mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { liveBlocks, withHeap } from "../helpers/heap_fixture.ts";
import { sweep } from "../containers/failures.ts";
import { eachBuild, openObjects } from "./objects_fixture.ts";

/** A type whose objects have weak references, and one that is equal by hash. */
function typeOf(o: Objects, more: Partial<UserType.Shape> = {}): number {
  return UserType.define(o, "Named", {
    fields: 2,
    refs: [0],
    weakrefs: true,
    ...more,
  });
}

/** A new object that can be named. */
function named(o: Objects): number {
  return UserType.create(o, typeOf(o));
}

eachBuild("a weak reference gives its object as long as that lives", (o) => {
  const op = named(o);
  const ref = Weakref.create(o, op);
  assertEquals(o.refcnt(op), 1);
  assert(!Weakref.isDead(o, ref));
  assertEquals(Weakref.get(o, ref), op);
  assertEquals(o.refcnt(op), 2);
  o.decref(op);
  assert(!Weakref.isDead(o, ref));
  o.decref(op);
  assert(Weakref.isDead(o, ref));
  assertEquals(Weakref.get(o, ref), 0);
  o.decref(ref);
});

eachBuild("without a callback there is one for each object", (o) => {
  const op = named(o);
  const ref = Weakref.create(o, op);
  assertEquals(Weakref.create(o, op), ref);
  assertEquals(o.refcnt(ref), 2);
  const other = Weakref.create(o, op, () => {});
  assert(other !== ref);
  assertEquals(Weakref.count(o, op), 2);
  for (const each of [ref, ref]) o.decref(each);
  assertEquals(Weakref.count(o, op), 1);
  const again = Weakref.create(o, op);
  assertEquals(Weakref.count(o, op), 2);
  for (const each of [again, other]) o.decref(each);
  assertEquals(Weakref.count(o, op), 0);
  o.decref(op);
});

eachBuild("callbacks are called once, the newest first", (o) => {
  const op = named(o);
  const calls: number[] = [];
  const refs = [1, 2, 3, 4].map((k) =>
    Weakref.create(o, op, (ref) => {
      assert(Weakref.isDead(o, ref));
      assertEquals(ref, refs[k - 1]);
      calls.push(k);
    })
  );
  const basic = Weakref.create(o, op);
  o.decref(refs[1]); // its callback is gone with it
  o.decref(op);
  assertEquals(calls, [4, 3, 1]);
  for (const k of [0, 2, 3]) o.decref(refs[k]);
  o.decref(basic);
  assertEquals(calls, [4, 3, 1]);
});

eachBuild("refs go out of the list in any order", (o) => {
  for (let first = 0; first < 4; first++) {
    for (let second = 0; second < 4; second++) {
      if (first === second) continue;
      const op = named(o);
      const refs = [0, 1, 2, 3].map((k) =>
        k === 0 ? Weakref.create(o, op) : Weakref.create(o, op, () => {})
      );
      o.decref(refs[first]);
      o.decref(refs[second]);
      assertEquals(Weakref.count(o, op), 2);
      o.decref(op);
      refs.forEach((ref, k) => {
        if (k === first || k === second) return;
        assert(Weakref.isDead(o, ref));
        o.decref(ref);
      });
    }
  }
});

eachBuild("what a callback throws is printed, and the rest called", (o) => {
  const op = named(o);
  let text = "";
  let isCalled = false;
  const first = Weakref.create(o, op, () => isCalled = true);
  const second = Weakref.create(o, op, () => {
    throw new Error("no luck");
  });
  const before = Debug.Stderr.redirect((written) => void (text += written));
  o.decref(op);
  Debug.Stderr.redirect(before);
  assertEquals(
    text,
    `Exception ignored in the callback of <weakref at 0x${
      second.toString(16)
    }>: Error: no luck\n`,
  );
  assert(isCalled);
  o.decref(first);
  o.decref(second);
});

eachBuild("a finalizer sees its object through a weak reference", (o) => {
  let kept = 0;
  let ref = 0;
  const type = UserType.define(o, "Phoenix", {
    fields: 1,
    weakrefs: true,
    finalize(op) {
      kept = Weakref.get(o, ref);
      assertEquals(kept, op);
    },
  });
  const op = UserType.create(o, type);
  ref = Weakref.create(o, op);
  o.decref(op);
  assertEquals(kept, op);
  assert(!Weakref.isDead(o, ref));
  o.decref(op);
  assert(Weakref.isDead(o, ref));
  o.decref(ref);
});

eachBuild("a weak reference that a finalizer makes dies, too", (o) => {
  let ref = 0;
  const type = UserType.define(o, "Late", {
    fields: 1,
    weakrefs: true,
    isGc: true,
    finalize: (op) => void (ref = Weakref.create(o, op)),
  });
  o.decref(UserType.create(o, type));
  assert(Weakref.isDead(o, ref));
  o.decref(ref);
});

eachBuild("hash, equality and repr are the object's", (o) => {
  const a = named(o);
  const b = named(o);
  const [toA, alsoA] = [Weakref.create(o, a), Weakref.create(o, a, () => {})];
  const toB = Weakref.create(o, b);
  assert(Protocol.equals(o, toA, alsoA));
  assert(!Protocol.equals(o, toA, toB));
  assert(!Protocol.equals(o, toA, a));
  const show = (op: number) => `0x${op.toString(16)}`;
  assertEquals(
    Protocol.repr(o, toA),
    `<weakref at ${show(toA)}; to 'Named' at ${show(a)}>`,
  );
  o.decref(a);
  assertEquals(Protocol.repr(o, toA), `<weakref at ${show(toA)}; dead>`);
  assert(!Protocol.equals(o, toA, alsoA));
  assert(Protocol.equals(o, toA, toA));
  for (const op of [toA, alsoA, toB, b]) o.decref(op);
});

eachBuild("a hash that was asked for stays; no other can be had", (o) => {
  const type = typeOf(o);
  const kept = Weakref.create(o, type);
  assertEquals(Protocol.hash(o, kept), Protocol.hash(o, type));
  const set = Sets.create(o);
  const toSet = Weakref.create(o, set);
  assertThrows(() => Protocol.hash(o, toSet), TypeError, "which has no hash");
  const asked = named(o);
  const toAsked = Weakref.create(o, asked);
  const hash = Protocol.hash(o, asked);
  assertEquals(Protocol.hash(o, toAsked), hash);
  o.decref(asked);
  assertEquals(Protocol.hash(o, toAsked), hash);
  const op = named(o);
  const ref = Weakref.create(o, op);
  o.decref(op);
  assertThrows(
    () => Protocol.hash(o, ref),
    TypeError,
    "weak object has gone away",
  );
  for (const other of [ref, kept, toAsked, toSet, set]) o.decref(other);
});

eachBuild("type objects can be named; ints, tuples and the like not", (o) => {
  const type = typeOf(o);
  const ref = Weakref.create(o, type);
  assertEquals(Weakref.get(o, ref), type);
  assertEquals(Weakref.count(o, type), 1);
  o.decref(ref);
  const pair = Tuple.pair(o, type, type);
  const int = Long.fromNumber(o, 5);
  for (const op of [pair, int]) {
    assert(!Weakref.isSupported(o, op));
    assertEquals(Weakref.count(o, op), 0);
    assertThrows(
      () => Weakref.create(o, op),
      TypeError,
      "whose objects have none",
    );
    assertThrows(() => Weakref.get(o, op), TypeError, "Cannot look through");
  }
  o.decref(pair);
});

/** A frozen set that is not the empty one. */
function frozen(o: Objects): number {
  const item = Long.fromNumber(o, 1000);
  const op = Sets.createFrozen(o, [item]);
  o.decref(item);
  return op;
}

eachBuild("sets can be named", (o) => {
  for (const op of [Sets.create(o), frozen(o)]) {
    let calls = 0;
    const ref = Weakref.create(o, op, () => calls++);
    const basic = Weakref.create(o, op);
    assertEquals(Weakref.get(o, ref), op);
    for (const each of [op, op]) o.decref(each);
    assertEquals(calls, 1);
    assert(Weakref.isDead(o, basic));
    for (const each of [ref, basic]) o.decref(each);
  }
});

eachBuild("create() fails whole when there is no memory", (o, heap) => {
  const op = named(o);
  for (const callback of [undefined, () => {}]) {
    const raw = liveBlocks(heap, "raw");
    const isFirst = callback === undefined;
    const count = sweep(heap, o, () => {
      const ref = Weakref.create(o, op, callback);
      if (ref === 0) assertEquals(Weakref.count(o, op), 0);
      else o.decref(ref);
      return ref !== 0;
    });
    // The shared record stays; a callback has a record of its own.
    assertEquals(count, 2);
    assertEquals(liveBlocks(heap, "raw"), raw + (isFirst ? 1 : 0));
  }
  o.decref(op);
});

/** Two workers in one thread: who is the second one's turn is `turn`. */
function withTwo(
  build: "gil" | "free-threaded",
  test: (
    o: Objects,
    other: Objects,
    turn: (of: Heap, run: () => void) => void,
    heaps: [Heap, Heap],
  ) => void,
): void {
  withHeap(build, (heap) => {
    const o = openObjects(heap);
    heap.threads.detach();
    const second = attach(heap.handle);
    const other = openObjects(second);
    second.threads.detach();
    const turn = (of: Heap, run: () => void) => {
      of.threads.attach();
      run();
      of.threads.detach();
    };
    test(o, other, turn, [heap, second]);
    if (!second.isClosed) second.close();
    heap.threads.attach();
    heap.threads.safePoint();
    Weakref.sweep(o);
    FreeLists.clear(o);
    assertEquals(liveBlocks(heap, "obj"), 0);
  });
}

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`a callback of another worker comes at its safe point (${build})`, () => {
    withTwo(build, (o, other, turn, [heap, second]) => {
      const calls: number[] = [];
      let ref = 0;
      let op = 0;
      turn(heap, () => {
        op = named(o);
        ref = Weakref.create(o, op, (each) => calls.push(each));
      });
      turn(second, () => {
        other.decref(op); // the owner is detached: it dies here
        assert(Weakref.isDead(other, ref));
        assertEquals(calls, []);
      });
      turn(heap, () => {
        heap.threads.safePoint();
        assertEquals(calls, [ref]);
        o.decref(ref);
      });
    });
  });

  Deno.test(`a weak reference that dies elsewhere forgets its callback (${build})`, () => {
    withTwo(build, (o, other, turn, [heap, second]) => {
      let [ref, op] = [0, 0];
      turn(heap, () => {
        op = named(o);
        ref = Weakref.create(o, op, () => assert(false));
      });
      second.threads.attach();
      other.decref(ref);
      second.close();
      turn(heap, () => {
        o.decref(op);
        // What is there from the start, the type, and the shared record.
        assertEquals(liveBlocks(heap, "raw"), 3);
      });
    });
  });

  Deno.test(`callbacks of who is gone are dropped (${build})`, () => {
    withTwo(build, (o, other, turn, [heap, second]) => {
      let [ref, late, op] = [0, 0, 0];
      turn(heap, () => op = named(o));
      turn(second, () => {
        ref = Weakref.create(other, op, () => assert(false));
        late = Weakref.create(other, op, () => assert(false));
      });
      second.threads.attach();
      second.close();
      turn(heap, () => {
        o.decref(ref);
        o.decref(op);
        assert(Weakref.isDead(o, late));
        o.decref(late);
      });
    });
  });

  Deno.test(`another worker names the same object (${build})`, () => {
    withTwo(build, (o, other, turn, [heap, second]) => {
      let [ref, op] = [0, 0];
      turn(heap, () => {
        op = named(o);
        ref = Weakref.create(o, op);
      });
      turn(second, () => {
        assertEquals(Weakref.create(other, op), ref);
        assertEquals(Weakref.get(other, ref), op);
        other.decref(op);
        other.decref(ref);
      });
      turn(heap, () => {
        o.decref(op);
        assertEquals(Weakref.get(o, ref), 0);
        o.decref(ref);
      });
    });
  });
}
