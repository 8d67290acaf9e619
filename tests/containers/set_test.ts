/**
 * Sets: contents against those of JavaScript, growth, references, hashes, lack
 * of memory, errors, deaths in the middle.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as FreeThreaded from "../../src/layout/object_free_threaded.ts";
import * as SetObject from "../../src/layout/set_object.ts";
import * as SetTable from "../../src/layout/set_table.ts";
import {
  Kinds,
  List,
  Long,
  None,
  type Objects,
  Protocol,
  Sets,
  Tracking,
  Unicode,
  UserType,
  Weakref,
} from "../../src/objects/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { eachBuild, make, type Value } from "../objects/objects_fixture.ts";
import { sweep } from "./failures.ts";

/** Entries of the table of a set. Count. */
function entries(o: Objects, op: number): number {
  return o.i32[o.i32[o.fields(op) + SetObject.TABLE] + SetTable.MASK] + 1;
}

/** A set of ints, or a frozenset. */
function ofNumbers(o: Objects, values: Iterable<number>, isFrozen = false) {
  const keys = Array.from(values, (value) => Long.fromNumber(o, value));
  const op = isFrozen ? Sets.createFrozen(o, keys) : Sets.fromArray(o, keys);
  for (const key of keys) o.decref(key);
  return op;
}

/** The ints of a set, in rising order. */
function toNumbers(o: Objects, op: number): number[] {
  const found = { key: 0 };
  const values: number[] = [];
  for (
    let at = Sets.next(o, op, 0, found);
    at >= 0;
    at = Sets.next(o, op, at, found)
  ) {
    values.push(Long.toNumber(o, found.key));
    o.decref(found.key);
  }
  return values.sort((a, b) => a - b);
}

/** What a set of JavaScript has, in rising order. */
function sorted(model: ReadonlySet<number>): number[] {
  return [...model].sort((a, b) => a - b);
}

/** Runs something with a new object, which is dropped. */
function withKey<T>(o: Objects, value: Value, run: (op: number) => T): T {
  const op = make(o, value);
  try {
    return run(op);
  } finally {
    o.decref(op);
  }
}

function add(o: Objects, set: number, value: number): void {
  assert(withKey(o, BigInt(value), (key) => Sets.add(o, set, key)));
}

eachBuild("Sets grow with the 5th, 19th, 77th, 307th key", (o) => {
  const set = Sets.create(o);
  const seen = [[0, entries(o, set)]];
  for (let k = 1; k <= 400; k++) {
    add(o, set, 1000 + k);
    if (seen.at(-1)![1] !== entries(o, set)) seen.push([k, entries(o, set)]);
  }
  assertEquals(seen, [[0, 8], [5, 32], [19, 128], [77, 512], [307, 2048]]);
  Sets.clear(o, set);
  assertEquals([Sets.length(o, set), entries(o, set)], [0, 8]);
  o.decref(set);
});

eachBuild("Sets above 50,000 keys are doubled", (o) => {
  const set = Sets.create(o);
  for (let k = 0; k < 78_642; k++) add(o, set, k);
  assertEquals(entries(o, set), 131_072);
  add(o, set, 78_642);
  assertEquals(entries(o, set), 262_144);
  o.decref(set);
});

/** One random change of a set and of its model. */
function change(
  o: Objects,
  set: number,
  model: Set<number>,
  random: Prng,
): void {
  const value = random.below(60);
  const key = Long.fromNumber(o, value);
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      assert(Sets.add(o, set, key));
      model.add(value);
      break;
    case 3:
    case 4:
      assertEquals(Sets.discard(o, set, key), model.delete(value));
      break;
    case 5: {
      const popped = Sets.pop(o, set);
      assertEquals(popped !== 0, model.size > 0);
      if (popped === 0) break;
      assert(model.delete(Long.toNumber(o, popped)));
      o.decref(popped);
      break;
    }
    default:
      assertEquals(Sets.contains(o, set, key), model.has(value));
  }
  o.decref(key);
}

eachBuild("Sets do what those of JavaScript do, seeds 1 to 20", (o) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Prng(seed);
    const set = Sets.create(o);
    const model = new Set<number>();
    for (let k = 0; k < 400; k++) change(o, set, model, random);
    assertEquals(toNumbers(o, set), sorted(model));
    assertEquals(Sets.length(o, set), model.size);
    const list = Sets.items(o, set);
    assertEquals(List.length(o, list), model.size);
    const twin = Sets.copy(o, set);
    assertEquals(toNumbers(o, twin), sorted(model));
    for (const op of [list, twin, set]) o.decref(op);
  }
});

const ALGEBRA = [
  [Sets.union, (a: Set<number>, b: Set<number>) => a.union(b)],
  [Sets.intersection, (a: Set<number>, b: Set<number>) => a.intersection(b)],
  [Sets.difference, (a: Set<number>, b: Set<number>) => a.difference(b)],
  [
    Sets.symmetricDifference,
    (a: Set<number>, b: Set<number>) => a.symmetricDifference(b),
  ],
] as const;

eachBuild("Sets are combined and compared, seeds 1 to 40", (o) => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Prng(seed);
    const [left, right] = [random.below(40), random.below(40)].map((size) =>
      new Set(Array.from({ length: size }, () => random.below(30)))
    );
    const a = ofNumbers(o, left, seed % 2 === 0);
    const b = ofNumbers(o, right, seed % 3 === 0);
    for (const [ours, theirs] of ALGEBRA) {
      const made = ours(o, a, b);
      assertEquals(toNumbers(o, made), sorted(theirs(left, right)));
      assertEquals(o.kindOf(made), o.kindOf(a));
      o.decref(made);
    }
    assertEquals(Sets.isSubset(o, a, b), left.isSubsetOf(right));
    assertEquals(Sets.isDisjoint(o, a, b), left.isDisjointFrom(right));
    if (o.kindOf(a) === Kinds.SET) {
      assert(Sets.update(o, a, b));
      assertEquals(toNumbers(o, a), sorted(left.union(right)));
    }
    o.decref(a);
    o.decref(b);
  }
});

eachBuild("Of a set and itself", (o) => {
  const set = ofNumbers(o, [1, 2, 3]);
  const lengths = ALGEBRA.map(([run]) => {
    const made = run(o, set, set);
    const length = Sets.length(o, made);
    o.decref(made);
    return length;
  });
  assertEquals(lengths, [3, 3, 0, 0]);
  assert(Sets.update(o, set, set));
  assertEquals([Sets.isSubset(o, set, set), Sets.isDisjoint(o, set, set)], [
    true,
    false,
  ]);
  o.decref(set);
});

eachBuild("Keys of one hash, equal keys of several types", (o) => {
  const set = Sets.create(o);
  const modulus = 2n ** 31n - 1n;
  const values: Value[] = [1n, 1n + modulus, 1n + 2n * modulus, "1"];
  for (const value of values) {
    withKey(o, value, (key) => assert(Sets.add(o, set, key)));
  }
  for (const value of [true, { float: 1 }, { real: 1, imag: 0 }]) {
    withKey(o, value, (key) => {
      assert(Sets.contains(o, set, key));
      assert(Sets.add(o, set, key));
    });
  }
  assertEquals(Sets.length(o, set), 4);
  withKey(
    o,
    { float: 1 },
    (key) =>
      assertEquals([1, 2].map(() => Sets.discard(o, set, key)), [
        true,
        false,
      ]),
  );
  withKey(
    o,
    1n + 2n * modulus,
    (key) => assert(Sets.contains(o, set, key), "behind a dummy"),
  );
  o.decref(set);
});

eachBuild("References of keys come and go with the set", (o) => {
  const key = Unicode.fromString(o, "a key");
  const equal = Unicode.fromString(o, "a key");
  const set = Sets.fromArray(o, [key, key]);
  assertEquals(o.refcnt(key), 2);
  Sets.add(o, set, equal);
  assertEquals(o.refcnt(equal), 1);
  const others = [Sets.copy(o, set), Sets.union(o, set, set)];
  const frozen = Sets.createFrozen(o, [equal]);
  assertEquals([o.refcnt(key), o.refcnt(equal)], [4, 2]);
  const twin = Sets.copy(o, frozen);
  assertEquals([twin, o.refcnt(frozen)], [frozen, 2]);
  for (const op of [...others, twin, frozen]) o.decref(op);
  assertEquals(Sets.discard(o, set, equal), true);
  assertEquals([o.refcnt(key), o.refcnt(equal)], [1, 1]);
  Sets.add(o, set, key);
  const popped = Sets.pop(o, set);
  assertEquals([popped, o.refcnt(key), Sets.pop(o, set)], [key, 2, 0]);
  o.decref(popped);
  Sets.add(o, set, key);
  Sets.clear(o, set);
  assertEquals(o.refcnt(key), 1);
  Sets.add(o, set, key);
  for (const op of [set, key, equal]) o.decref(op);
});

eachBuild("A frozenset hashes alike in any order, and is a key", (o) => {
  const one = ofNumbers(o, [1, 9, 17, 1000], true);
  const other = ofNumbers(o, [1000, 17, 9, 1], true);
  const set = ofNumbers(o, [17, 1, 9, 1000]);
  assertEquals(Protocol.hash(o, one), Protocol.hash(o, other));
  assert(Protocol.equals(o, one, other) && Protocol.equals(o, set, one));
  const outer = Sets.fromArray(o, [one, other]);
  assertEquals(Sets.length(o, outer), 1);
  // A set is looked for as the frozenset of its keys.
  assert(Sets.contains(o, outer, set));
  assert(Sets.discard(o, outer, set));
  assertThrows(() => Sets.add(o, outer, set), TypeError, "has no hash");
  add(o, set, 2);
  assert(!Protocol.equals(o, set, one) && !Sets.contains(o, outer, set));
  for (const op of [one, other, set, outer]) o.decref(op);
});

eachBuild("Sets are printed and ordered as Python's", (o) => {
  const sets = [[], [], [1, 2], [1], [3]].map((values, k) =>
    ofNumbers(o, values, k % 2 === 1)
  );
  assertEquals(sets.map((op) => Protocol.repr(o, op)), [
    "set()",
    "frozenset()",
    "{1, 2}",
    "frozenset({1})",
    "{3}",
  ]);
  const [, , two, one, three] = sets;
  assert(Protocol.compare(o, one, two) < 0);
  assert(Protocol.compare(o, two, one) > 0);
  assertEquals(Protocol.compare(o, sets[0], sets[1]), 0);
  assert(isNaN(Protocol.compare(o, two, three)));
  assertThrows(() => Protocol.compare(o, two, None.none(o)), TypeError);
  for (const op of sets) o.decref(op);
});

eachBuild("Wrong objects are refused and change nothing", (o) => {
  const set = ofNumbers(o, [1]);
  const frozen = ofNumbers(o, [1], true);
  const list = List.create(o);
  const none = None.none(o);
  const found = { key: 0 };
  const attempts: [() => unknown, string][] = [
    [() => Sets.add(o, frozen, none), "Cannot add to"],
    [() => Sets.discard(o, frozen, none), "Cannot discard from"],
    [() => Sets.pop(o, frozen), "Cannot pop an object of"],
    [() => Sets.clear(o, frozen), "Cannot clear"],
    [() => Sets.update(o, frozen, set), "Cannot update"],
    [() => Sets.update(o, set, list), "Cannot update a set from"],
    [() => Sets.union(o, list, set), "Cannot unite"],
    [() => Sets.isSubset(o, set, 0), "Cannot compare 0x0: it is NULL"],
    [() => Sets.next(o, none, 0, found), "Cannot iterate over"],
    [() => Sets.items(o, list), "Cannot list the keys of"],
    [() => Sets.length(o, none), "Cannot read as a set"],
    [() => Sets.add(o, set, list), "Cannot hash"],
    [() => Sets.contains(o, set, list), "Cannot hash"],
    [() => Sets.fromArray(o, [none, list]), "Cannot hash"],
  ];
  for (const [attempt, text] of attempts) {
    assertThrows(attempt, TypeError, text);
  }
  for (const position of [-1, 0.5, NaN]) {
    assertThrows(
      () => Sets.next(o, set, position, found),
      RangeError,
      `Cannot iterate over a set from ${position}: it is no position`,
    );
  }
  assertEquals(toNumbers(o, set), [1]);
  if (o.isBiased) {
    assertEquals(o.i32[(set >>> 2) + FreeThreaded.X_OB_MUTEX], 0);
  }
  for (const op of [set, frozen, list]) o.decref(op);
});

eachBuild(
  "A set that lacks memory is as it was, and nothing leaks",
  (o, heap) => {
    const keys = Array.from({ length: 30 }, (_, k) => Long.fromNumber(o, k));
    let set = 0;
    let other = 0;
    const attempts = [
      () => Sets.create(o),
      () => Sets.fromArray(o, keys),
      () => Sets.createFrozen(o, keys),
      () => Sets.add(o, set, keys[29]),
      () => Sets.copy(o, other),
      () => Sets.update(o, set, other),
      () => Sets.union(o, set, other),
      () => Sets.intersection(o, other, other),
      () => Sets.difference(o, other, set),
      () => Sets.symmetricDifference(o, set, other),
      () => Sets.items(o, other),
    ];
    for (const [n, attempt] of attempts.entries()) {
      const failures = sweep(heap, o, () => {
        set = Sets.fromArray(o, keys.slice(0, 4));
        other = Sets.fromArray(o, keys.slice(3));
        const before = [set, other].map((op) => op && Protocol.repr(o, op));
        const result = set === 0 || other === 0 ? 0 : attempt();
        const isDone = result !== false && result !== 0;
        if (typeof result === "number" && result !== 0) o.decref(result);
        const after = [set, other].map((op) => op && Protocol.repr(o, op));
        if (!isDone) assertEquals(after, before);
        for (const op of [set, other]) if (op !== 0) o.decref(op);
        return isDone;
      });
      assert(failures > 2, `attempt ${n}`);
    }
    for (const key of keys) o.decref(key);
  },
);

eachBuild("A queue of one key does not make its table larger", (o) => {
  const set = Sets.create(o);
  for (let k = 0; k < 1000; k++) {
    add(o, set, 1000 + k);
    o.decref(Sets.pop(o, set));
  }
  assertEquals([Sets.length(o, set), entries(o, set)], [0, 8]);
  o.decref(set);
});

eachBuild("The collector finds cycles through sets", (o) => {
  const type = UserType.define(o, "Node", { fields: 1, refs: [0] });
  const node = UserType.create(o, type);
  const set = Sets.create(o);
  withEquality(o, () => false, () => assert(Sets.add(o, set, node)));
  UserType.setRef(o, node, 0, set);
  assert(Tracking.isTracked(o, set));
  const seen: number[] = [];
  o.slotsOf(set)!.traverse!(o, set, (key) => seen.push(key));
  assertEquals(seen, [node]);
  o.decref(node);
  // What `tp_clear` is for: breaks the cycle.
  o.slotsOf(set)!.clear!(o, set);
  assertEquals([Sets.length(o, set), o.refcnt(set)], [0, 1]);
  o.decref(set);
});

eachBuild("Sets of both kinds have weak references", (o) => {
  const called: number[] = [];
  for (const op of [Sets.create(o), Sets.createFrozen(o, [])]) {
    const basic = Weakref.create(o, op);
    const other = Weakref.create(o, op, (ref) => called.push(ref));
    assertEquals(Weakref.count(o, op), 2);
    assertEquals(Weakref.get(o, basic), op);
    o.decref(op);
    assertEquals([called.length, Weakref.get(o, basic)], [0, op]);
    o.decref(op);
    o.decref(op);
    assertEquals([called.pop(), Weakref.isDead(o, basic)], [other, true]);
    for (const ref of [basic, other]) o.decref(ref);
  }
});

/** Runs something while objects of programs are compared by a function. */
function withEquality(
  o: Objects,
  equals: (op: number, other: number) => boolean,
  run: () => void,
): void {
  const slots = o.slots[Kinds.USER];
  o.slots[Kinds.USER] = {
    ...slots,
    hash: () => 7,
    equals: (_, op, other) => equals(op, other),
  };
  try {
    run();
  } finally {
    o.slots[Kinds.USER] = slots;
  }
}

eachBuild("Keys whose comparison changes the set are looked for anew", (o) => {
  const type = UserType.define(o, "Key", { fields: 0 });
  const [first, second, third] = [1, 2, 3].map(() => UserType.create(o, type));
  const set = Sets.create(o);
  let calls = 0;
  withEquality(o, () => {
    calls++;
    // The key that is being compared dies of it, but for the search.
    if (calls === 1) Sets.clear(o, set);
    return true;
  }, () => {
    Sets.add(o, set, first);
    o.decref(first);
    assert(Sets.add(o, set, second));
    assertEquals([calls, Sets.length(o, set)], [1, 1]);
    assertEquals(o.refcnt(second), 2);
  });
  withEquality(o, (op) => {
    if (calls++ < 3) {
      for (let k = 0; k < 40; k++) add(o, set, calls * 100 + k);
    }
    return op === third;
  }, () => {
    assert(Sets.add(o, set, third));
    assertEquals(Sets.length(o, set), 82);
    assert(Sets.contains(o, set, second) && Sets.contains(o, set, third));
  });
  withEquality(o, () => {
    throw new RangeError("no answer");
  }, () => {
    const other = UserType.create(o, type);
    assertThrows(() => Sets.contains(o, set, other), RangeError, "no answer");
    o.decref(other);
  });
  assertEquals([o.refcnt(second), o.refcnt(third)], [2, 2]);
  for (const op of [second, third, set]) o.decref(op);
});
