/**
 * CPython's `Lib/test/test_free_threading/test_list.py`, names as there, with
 * real workers, in both builds. 3 readers and 600 objects instead of 10 and
 * 5,000; iterators are loops of `PyList_GetItemRef()`.
 *
 * Not here: what wants iterators as objects (test_store_list_int's reversed
 * iterator, list_iterator's __reduce__ and __setstate__).
 */

import { assertEquals } from "@std/assert";
import * as C from "../../src/capi/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { withWorkers } from "./objects_fleet.ts";

const OBJECT_COUNT = 600;

/** Readers that follow a list while workers of these numbers make it grow. */
async function race(
  build: (typeof BUILDS)[number],
  writer: 0 | 1,
): Promise<void> {
  await withWorkers(build, 4, async ({ run }) => {
    const list = C.PyList_New(0);
    const grow = ["grow", list, OBJECT_COUNT] as const;
    const follow = ["follow", list, OBJECT_COUNT] as const;
    // Workers of odd numbers extend, the others append.
    await run(
      ...(writer === 0
        ? [grow, follow, follow, follow]
        : [follow, grow, follow, follow]),
    );
    assertEquals(C.PyList_Size(list) >= OBJECT_COUNT, true);
    for (let k = 0; k < OBJECT_COUNT; k++) {
      const value = C.PyLong_AsLong(C.PyList_GetItem(list, k));
      assertEquals(value, OBJECT_COUNT + k);
    }
    C.Py_DECREF(list);
  });
}

for (const build of BUILDS) {
  Deno.test(`test_racing_iter_append (${build})`, () => race(build, 0));
  Deno.test(`test_racing_iter_extend (${build})`, () => race(build, 1));
}
