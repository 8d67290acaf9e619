/**
 * CPython's `Lib/test/test_free_threading/test_capi.py`, with real workers, in
 * both builds: what must exist once does, whoever asks first.
 *
 * There are no modules here, so test_PyImport_AddModuleRef has types and
 * interned strings in their place.
 */

import { assertEquals } from "@std/assert";
import * as C from "../../src/capi/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { withWorkers } from "./objects_fleet.ts";

const WORKERS = 4;
const ROUNDS = 50;

for (const build of BUILDS) {
  Deno.test(`test_PyImport_AddModuleRef, of types (${build})`, async () => {
    await withWorkers(build, WORKERS, async ({ run }) => {
      const task = ["one", 0, ROUNDS] as const;
      const all = await run<number[]>(
        ...Array<typeof task>(WORKERS).fill(task),
      );
      for (const found of all) assertEquals(found, all[0]);
      assertEquals(new Set(all[0]).size, ROUNDS);
    });
  });

  Deno.test(`test_PyImport_AddModuleRef, of interned strings (${build})`, async () => {
    const isMortal = build === "gil";
    await withWorkers(build, WORKERS, async ({ run }) => {
      const task = ["one", 1, ROUNDS] as const;
      const all = await run<number[]>(
        ...Array<typeof task>(WORKERS).fill(task),
      );
      for (const found of all) assertEquals(found, all[0]);
      const strings = all[0].filter((_, k) => k % 2 === 1);
      assertEquals(new Set(strings).size, ROUNDS);
      for (const op of strings) {
        assertEquals(C.PyUnicode_Check(op), 1);
        // Each worker has a reference of its own.
        for (let k = 0; k < WORKERS; k++) C.Py_DECREF(op);
      }
    }, isMortal);
  });
}
