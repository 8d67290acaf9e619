/** Worker of the tests of weak references with real workers. */

import { attach, type Heap, type HeapHandle } from "../../mod.ts";
import { type Objects, type UserType, Weakref } from "../../src/objects/mod.ts";
import { type Control, FIRST_FREE, serve, signal } from "../helpers/workers.ts";
import { openObjects } from "./objects_fixture.ts";

/** A type of objects that know a number. */
export const NUMBERED: UserType.Shape = { fields: 1, weakrefs: true };

let heap: Heap | undefined;
let o: Objects | undefined;

serve<never>({
  join(handle: HeapHandle): number {
    heap = attach(handle);
    o = openObjects(heap);
    heap.threads.detach();
    return heap.threads.id;
  },

  /**
   * Looks through weak references until all are dead, makes further ones, and
   * drops those that it was given.
   *
   * @returns How often an object was there, and callbacks that came.
   */
  look(
    [index, refs]: readonly [number, readonly number[]],
    control: Control,
  ): [number, number] {
    const mine = o!;
    const { threads } = heap!;
    threads.attach();
    let [seen, made, called] = [0, 0, 0];
    const more: number[] = [];
    for (let isAlive = true; isAlive;) {
      isAlive = false;
      refs.forEach((ref, k) => {
        const op = Weakref.get(mine, ref);
        if (op === 0) return;
        isAlive = true;
        seen++;
        if (mine.i32[mine.fields(op)] !== k) throw new Error("another object");
        if (seen % 64 === 0) {
          more.push(Weakref.create(mine, op, () => called++));
          made++;
        }
        mine.decref(op);
      });
      threads.safePoint();
      signal(control, FIRST_FREE + index, 1);
    }
    for (const ref of [...refs, ...more]) mine.decref(ref);
    if (called > made) throw new Error("called too often");
    threads.detach();
    return [seen, made];
  },

  leave(): void {
    heap!.close();
  },
});
