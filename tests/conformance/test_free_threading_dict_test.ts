/**
 * CPython's `Lib/test/test_free_threading/test_dict.py`, names as there, with
 * real workers, in both builds. 4 workers instead of 10.
 *
 * Objects here have no `__dict__` of their own, so the races are on dicts in a
 * list. Not here: shared keys and inline values (test_racing_creation_shared_keys
 * and so on are one with test_racing_creation), dict versions and watchers
 * (test_dict_version, test_racing_watch_unwatch_dict).
 */

import { assertEquals } from "@std/assert";
import * as C from "../../src/capi/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { withWorkers } from "./objects_fleet.ts";

const OBJECTS = 100;
const WORKERS = 4;

for (const build of BUILDS) {
  Deno.test(`test_racing_creation (${build})`, async () => {
    await withWorkers(build, WORKERS, async ({ run }) => {
      const list = C.PyList_New(OBJECTS);
      for (let k = 0; k < OBJECTS; k++) {
        C.PyList_SetItem(list, k, C.PyDict_New());
      }
      const task = ["name", list, OBJECTS] as const;
      await run(...Array<typeof task>(WORKERS).fill(task));
      for (let k = 0; k < OBJECTS; k++) {
        const dict = C.PyList_GetItem(list, k);
        assertEquals(C.PyDict_Size(dict), WORKERS);
        for (let me = 0; me < WORKERS; me++) {
          const value = C.PyDict_GetItemString(dict, `name${me}`);
          assertEquals(C.PyLong_AsLong(value), 1000 + me);
        }
      }
      C.Py_DECREF(list);
    });
  });

  Deno.test(`test_racing_set_dict, test_racing_set_object_dict (${build})`, async () => {
    await withWorkers(build, WORKERS, async ({ run }) => {
      const list = C.PyList_New(1);
      const dict = C.PyDict_New();
      const value = C.PyLong_FromLong(1000);
      C.PyDict_SetItemString(dict, "attr", value);
      C.Py_DECREF(value);
      C.PyList_SetItem(list, 0, dict);
      // The old dicts die, each exactly once: no object is left in the end.
      await run(
        ["replace", list, 400],
        ["replace", list, 400],
        ["lookUp", list, 400],
        ["lookUp", list, 400],
      );
      assertEquals(C.PyList_Size(list), 1);
      C.Py_DECREF(list);
    });
  });
}
