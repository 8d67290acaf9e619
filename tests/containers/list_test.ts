/**
 * Lists: growth, contents against arrays of JavaScript, references, lack of
 * memory, errors.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as FreeThreaded from "../../src/layout/object_free_threaded.ts";
import * as ListObject from "../../src/layout/list_object.ts";
import {
  FreeLists,
  List,
  Long,
  None,
  type Objects,
  Protocol,
  Tuple,
} from "../../src/objects/mod.ts";
import { ListItems } from "../../src/objects/sharing/mod.ts";
import { Sections } from "../../src/threads/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { eachBuild } from "../objects/objects_fixture.ts";
import { sweep } from "./failures.ts";

/** Slots of a list. Count. */
function allocated(o: Objects, list: number): number {
  return ListItems.allocated(o.m, o.fields(list));
}

/** The ints of a list as numbers. */
function toNumbers(o: Objects, list: number): number[] {
  return Array.from({ length: List.length(o, list) }, (_, k) => {
    const item = List.getItem(o, list, k);
    const value = Long.toNumber(o, item);
    o.decref(item);
    return value;
  });
}

/** Runs something with a new int. */
function withInt<T>(o: Objects, value: number, run: (op: number) => T): T {
  const op = Long.fromNumber(o, value);
  const result = run(op);
  o.decref(op);
  return result;
}

eachBuild("List.append() grows as CPython's lists", (o) => {
  const list = List.create(o);
  const seen = [allocated(o, list)];
  for (let k = 0; k < 400; k++) {
    assert(List.append(o, list, None.none(o)));
    if (seen.at(-1) !== allocated(o, list)) seen.push(allocated(o, list));
  }
  // deno-fmt-ignore
  assertEquals(seen, [
    0, 4, 8, 16, 24, 32, 40, 52, 64, 76, 92, 108, 128, 148, 172, 200, 232, 268,
    308, 352, 400,
  ]);
  o.decref(list);
});

eachBuild("List.fromArray() has no room to spare, extend() rounds up", (o) => {
  const none = None.none(o);
  const three = List.fromArray(o, [none, none, none]);
  assertEquals(allocated(o, three), 3);
  const list = List.create(o);
  assert(List.extend(o, list, three));
  assertEquals(allocated(o, list), 4);
  o.decref(list);
  o.decref(three);
});

eachBuild("List.pop() gives room back below a half", (o) => {
  const list = List.create(o);
  for (let k = 0; k < 64; k++) List.append(o, list, None.none(o));
  assertEquals(allocated(o, list), 64);
  while (List.length(o, list) > 32) List.pop(o, list);
  assertEquals(allocated(o, list), 64);
  List.pop(o, list);
  assertEquals(allocated(o, list), List.slotsFor(32, 31));
  while (List.length(o, list) > 0) List.pop(o, list);
  assertEquals(allocated(o, list), 0);
  o.decref(list);
});

/** One random change of a list and of an array. */
function change(o: Objects, list: number, model: number[], random: Prng): void {
  const value = 1000 + random.below(1000);
  const at = random.below(model.length + 1);
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      assert(withInt(o, value, (op) => List.append(o, list, op)));
      model.push(value);
      break;
    case 3:
    case 4:
      assert(withInt(o, value, (op) => List.insert(o, list, at, op)));
      model.splice(at, 0, value);
      break;
    case 5:
    case 6:
      if (at === model.length) break;
      o.decref(List.pop(o, list, at));
      model.splice(at, 1);
      break;
    case 7:
      if (at === model.length) break;
      List.setItem(o, list, at, Long.fromNumber(o, value));
      model[at] = value;
      break;
    case 8:
      List.reverse(o, list);
      model.reverse();
  }
}

eachBuild("Lists do what arrays do, seeds 1 to 20", (o) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Prng(seed);
    const list = List.create(o);
    const model: number[] = [];
    for (let k = 0; k < 200; k++) change(o, list, model, random);
    assertEquals(toNumbers(o, list), model);
    const low = random.below(60) - 30;
    const high = random.below(60) - 30;
    const copy = List.slice(o, list, low, high);
    assertEquals(toNumbers(o, copy), model.slice(low, high));
    assert(List.extend(o, list, list));
    assertEquals(toNumbers(o, list), [...model, ...model]);
    o.decref(copy);
    List.clear(o, list);
    assertEquals(List.length(o, list), 0);
    o.decref(list);
  }
});

eachBuild("Slots behind the last item are 0", (o) => {
  const list = List.create(o);
  const model: number[] = [];
  const random = new Prng(3);
  for (let k = 0; k < 300; k++) {
    change(o, list, model, random);
    if (ListItems.block(o.m, o.fields(list)) === 0) continue;
    const at = ListItems.slots(o.m, o.fields(list));
    for (let n = model.length; n < allocated(o, list); n++) {
      assertEquals(o.i32[at + n], 0);
    }
  }
  o.decref(list);
});

eachBuild("A list left MOVING is mended and loses no object twice", (o) => {
  const values = [1000, 2000, 3000].map((value) => Long.fromNumber(o, value));
  const list = List.fromArray(o, values);
  const fields = o.fields(list);
  const at = ListItems.slots(o.m, fields);
  // As a worker leaves it that stops while it takes item 0 out.
  o.i32[fields + ListObject.OB_ITEM] |= ListObject.MOVING;
  o.i32[at] = o.i32[at + 1];
  assertEquals(toNumbers(o, list), [2000, 2000, 3000]);
  assertEquals(ListItems.isTorn(o.m, fields), false);
  o.decref(list);
  // Item 0 is the dead worker's.
  assertEquals(values.map((op) => o.refcnt(op)), [2, 1, 1]);
  for (const op of [...values, values[0]]) o.decref(op);
});

eachBuild("References of items come and go with the list", (o) => {
  const item = Long.fromNumber(o, 5000);
  const list = List.fromArray(o, [item, item]);
  List.append(o, list, item);
  List.insert(o, list, -1, item);
  assertEquals(o.refcnt(item), 5);
  const copy = List.slice(o, list);
  assertEquals(o.refcnt(item), 9);
  o.decref(copy);
  o.decref(List.pop(o, list));
  assertEquals(o.refcnt(item), 4);
  o.decref(list);
  assertEquals(o.refcnt(item), 1);
  o.decref(item);
});

eachBuild("At most 80 lists are kept for the next ones", (o) => {
  const lists = Array.from({ length: 100 }, () => List.create(o));
  for (const list of lists) o.decref(list);
  assertEquals(o.i32[o.lists + FreeLists.LISTS + 1], 80);
  const again = List.create(o);
  assert(lists.includes(again));
  assertEquals(toNumbers(o, again), []);
  o.decref(again);
});

eachBuild("Lists print and compare as Python's", (o) => {
  const one = List.fromArray(o, [Long.fromNumber(o, 1), None.none(o)]);
  const tuple = Tuple.pack(o, one);
  const outer = List.fromArray(o, [tuple, one]);
  assertEquals(Protocol.repr(o, outer), "[([1, None],), [1, None]]");
  const copy = List.slice(o, one);
  assert(Protocol.equals(o, one, copy));
  List.append(o, copy, one);
  assert(!Protocol.equals(o, one, copy));
  assertThrows(() => Protocol.hash(o, one), TypeError, "has no hash");
  for (const op of [outer, tuple, one, copy]) o.decref(op);
});

eachBuild("Lists are ordered as Python's", (o) => {
  const make = (values: number[]): number => {
    const items = values.map((value) => Long.fromNumber(o, value));
    const list = List.fromArray(o, items);
    for (const item of items) o.decref(item);
    return list;
  };
  const rising = [[], [0], [0, 0], [0, 1], [1], [1, -5, 3], [2]];
  const lists = rising.map(make);
  lists.forEach((a, i) => {
    const copy = List.slice(o, a);
    assertEquals(Protocol.compare(o, a, copy), 0);
    o.decref(copy);
    lists.forEach((b, k) => {
      assertEquals(Math.sign(Protocol.compare(o, a, b)), Math.sign(i - k));
    });
  });
  const none = None.none(o);
  const nones = List.fromArray(o, [none]);
  assertEquals(Protocol.compare(o, nones, nones), 0);
  for (const other of [none, lists[1]]) {
    assertThrows(() => Protocol.compare(o, nones, other), TypeError, "order");
  }
  for (const op of [...lists, nones]) o.decref(op);
});

eachBuild("Lists that are nested too deep have no order", (o) => {
  const nest = (): number => {
    let op = List.create(o);
    for (let depth = 0; depth < 1001; depth++) {
      const outer = List.fromArray(o, [op]);
      o.decref(op);
      op = outer;
    }
    return op;
  };
  const [a, b] = [nest(), nest()];
  assertThrows(() => Protocol.compare(o, a, b), RangeError, "nested deeper");
  assertEquals([o.refcnt(a), o.refcnt(b)], [1, 1]);
  for (const op of [a, b]) o.decref(op);
});

eachBuild("A list of itself is printed, and can be broken up", (o) => {
  const list = List.create(o);
  List.append(o, list, list);
  assertEquals(Protocol.repr(o, list), "[[...]]");
  const tuple = Tuple.pack(o, list);
  List.append(o, list, tuple);
  assertEquals(Protocol.repr(o, list), "[[...], ([...],)]");
  assertEquals(Protocol.repr(o, tuple), "([[...], (...)],)");
  const other = List.fromArray(o, [list]);
  List.setItem(o, list, 0, List.slice(o, other));
  assertEquals(Protocol.repr(o, list), "[[[...]], ([...],)]");
  o.decref(other);
  o.decref(tuple);
  List.clear(o, list);
  assertEquals(o.refcnt(list), 1);
  o.decref(list);
});

eachBuild("Wrong indices and objects are refused and change nothing", (o) => {
  const list = List.fromArray(o, [None.none(o)]);
  const attempts: [() => unknown, string][] = [
    [() => List.getItem(o, list, 1), "Cannot get item 1 of a list: its"],
    [() => List.getItem(o, list, -1), "Cannot get item -1 of a list: its"],
    [() => List.getItem(o, list, 0.5), "Cannot get item 0.5 of a list: its"],
    [() => List.setItem(o, list, 1, list), "Cannot set item 1 of a list: its"],
    [() => List.pop(o, list, -2), "Cannot pop item -2 of a list: its length"],
  ];
  for (const [attempt, text] of attempts) {
    assertThrows(attempt, RangeError, text);
  }
  const none = None.none(o);
  assertThrows(() => List.append(o, none, none), TypeError, "Cannot append to");
  assertThrows(() => List.clear(o, none), TypeError, "Cannot clear");
  assertEquals(Protocol.repr(o, list), "[None]");
  if (o.isBiased) {
    assertEquals(o.i32[(list >>> 2) + FreeThreaded.X_OB_MUTEX], 0);
    assertEquals(Sections.depth(o.m), 0);
  }
  o.decref(list);
});

eachBuild(
  "A list that lacks memory is as it was, and nothing leaks",
  (o, heap) => {
    const none = None.none(o);
    let full = 0;
    const attempts = [
      () => List.append(o, full, none),
      () => List.insert(o, full, 0, none),
      () => List.extend(o, full, full),
      () => List.slice(o, full),
      () => List.fromArray(o, [none]),
      () => List.create(o),
    ];
    for (const attempt of attempts) {
      full = List.fromArray(o, [none, none, none, none]);
      const failures = sweep(heap, o, () => {
        const before = Protocol.repr(o, full);
        const result = attempt();
        const made = typeof result === "number" ? result : 0;
        if (made !== 0) o.decref(made);
        const isDone = result !== false && result !== 0;
        if (!isDone) assertEquals(Protocol.repr(o, full), before);
        return isDone;
      });
      assert(failures > 0);
      o.decref(full);
    }
  },
);
