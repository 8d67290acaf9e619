/**
 * A worker that stops at any store of a function of a set leaves one that the
 * next worker can use: each key is found or not, and the length says so.
 */

import { assert, assertEquals } from "@std/assert";
import { attach } from "../../mod.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as SetObject from "../../src/layout/set_object.ts";
import { CriticalSection } from "../../src/threads/mod.ts";
import { Long, type Objects, Sets } from "../../src/objects/mod.ts";
import { withHeap } from "../helpers/heap_fixture.ts";
import { openObjects } from "../objects/objects_fixture.ts";

/** What is thrown instead of a store. */
class Death extends Error {}

/** The same objects, whose plain stores come to an end after so many. */
function mortal(o: Objects, stores: number): Objects {
  let left = stores;
  const i32 = new Proxy(o.i32, {
    get(target, at) {
      if (left < 0) throw new Death();
      return Reflect.get(target, at, target);
    },
    set(target, at, value) {
      if (--left < 0) throw new Death();
      return Reflect.set(target, at, value, target);
    },
  });
  const m = Object.create(o.m, { i32: { value: i32 } });
  return Object.create(o, { i32: { value: i32 }, m: { value: m } });
}

/** Keys of all sets here: ints, most of which collide in small tables. */
const COUNT = 60;

/** A scene: keys, and a set in which some of them are or were. */
interface Scene {
  readonly o: Objects;
  readonly keys: readonly number[];
  readonly set: number;
}

/** What a scene begins with: keys that are put in, then those taken out. */
type Start = readonly [from: number, to: number, out: number];

function sceneOf(o: Objects, [from, to, out]: Start): Scene {
  const keys = Array.from(
    { length: COUNT },
    (_, k) => Long.fromNumber(o, 1000 + 8 * k),
  );
  const set = Sets.fromArray(o, keys.slice(from, to));
  for (let k = from; k < from + out; k++) Sets.discard(o, set, keys[k]);
  return { o, keys, set };
}

/** Claims that a set is whole; what is in it. Indices of keys. */
function contents({ o, keys, set }: Scene): number[] {
  const length = () => Sets.length(o, set);
  const found = keys.flatMap((key, k) => Sets.contains(o, set, key) ? [k] : []);
  assertEquals(length(), found.length);
  let steps = 0;
  const slot = { key: 0 };
  let at = Sets.next(o, set, 0, slot);
  while (at >= 0) {
    steps++;
    o.decref(slot.key);
    at = Sets.next(o, set, at, slot);
  }
  assertEquals(steps, found.length);
  return found;
}

/** Dies at each store of an act; the set is whole each time, and goes on. */
function sweep(
  start: Start,
  act: (o: Objects, scene: Scene) => unknown,
  isRight: (found: readonly number[]) => boolean,
): void {
  let stores = 0;
  for (let isDead = true; isDead; stores++) {
    isDead = false;
    withHeap("gil", (heap) => {
      const o = openObjects(heap);
      const scene = sceneOf(o, start);
      try {
        act(mortal(o, stores), scene);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        isDead = true;
      }
      const found = contents(scene);
      assert(isRight(found), `store ${stores}: ${found}`);
      for (const key of scene.keys) assert(Sets.add(o, scene.set, key));
      assertEquals(contents(scene).length, COUNT);
      o.decref(scene.set);
      // The one in the hand of the dead may have kept its reference.
      assert(scene.keys.every((key) => o.refcnt(key) >= 1));
    });
  }
  assert(stores > 3, `${stores} stores`);
}

/** Whether a key is in, and all others from `from` to `to` are. */
function allBut(from: number, to: number, key: number) {
  return (found: readonly number[]) => {
    const others = found.filter((k) => k !== key);
    const wanted = Array.from({ length: to - from }, (_, k) => from + k);
    return others.join() === wanted.filter((k) => k !== key).join();
  };
}

Deno.test("A death in Sets.add() (gil)", () => {
  const add = (o: Objects, { set, keys }: Scene) => Sets.add(o, set, keys[50]);
  sweep([0, 3, 0], add, allBut(0, 3, 50));
  sweep([0, 4, 2], add, allBut(2, 4, 50));
  sweep([0, 4, 0], add, allBut(0, 4, 50)); // becomes larger
  sweep([0, 18, 0], add, allBut(0, 18, 50)); // becomes larger again
});

Deno.test("A death in Sets.add() that takes dummies out (gil)", () => {
  const act = (o: Objects, { set, keys }: Scene) => {
    for (let k = 40; k < 48; k++) {
      Sets.add(o, set, keys[k]);
      Sets.discard(o, set, keys[k]);
    }
    Sets.add(o, set, keys[50]);
  };
  sweep([0, 1, 0], act, (found) => found[0] === 0 && found.length <= 2);
});

Deno.test("A death in Sets.discard() (gil)", () => {
  const act = (o: Objects, { set, keys }: Scene) =>
    Sets.discard(o, set, keys[1]);
  sweep([0, 4, 0], act, allBut(0, 4, 1));
  sweep([0, 30, 0], act, allBut(0, 30, 1));
});

Deno.test("A death in Sets.pop() (gil)", () => {
  const act = (o: Objects, { set }: Scene) => o.decref(Sets.pop(o, set));
  sweep([0, 4, 1], act, (found) => found.length === 2 || found.length === 3);
});

Deno.test("A death in Sets.clear() (gil)", () => {
  const act = (o: Objects, { set }: Scene) => Sets.clear(o, set);
  sweep([0, 4, 1], act, (found) => found.length <= 3);
  sweep([0, 30, 1], act, (found) => found.length <= 29);
});

Deno.test("A death in Sets.update() (gil)", () => {
  const act = (o: Objects, { o: whole, set, keys }: Scene) => {
    const other = Sets.fromArray(whole, keys.slice(20, 40));
    Sets.update(o, set, other);
  };
  const isRight = (found: readonly number[]) =>
    found.slice(0, 3).join() === "0,1,2" && found.length <= 23;
  sweep([0, 3, 0], act, isRight);
});

Deno.test("The mutex of a dead worker is taken over (free-threaded)", () => {
  withHeap("free-threaded", (heap) => {
    const o = openObjects(heap);
    const scene = sceneOf(o, [0, 4, 0]);
    const fields = o.fields(scene.set);
    heap.threads.detach();
    const other = attach(heap.handle);
    CriticalSection.begin(
      other.core.m,
      (scene.set >>> 2) + PyObject.X_OB_MUTEX,
    );
    // As it is when a worker has put a key in, and not counted it.
    o.i32[fields + SetObject.FILL] = ~o.i32[fields + SetObject.FILL];
    o.i32[fields + SetObject.USED]--;
    heap.revoke(other.threads.id, { dead: true });
    heap.threads.attach();
    assert(Sets.contains(o, scene.set, scene.keys[0]));
    assertEquals(contents(scene), [0, 1, 2, 3]);
    for (const op of [scene.set, ...scene.keys]) o.decref(op);
  });
});
