/** The C face of the reports: `_PyObject_DebugMallocStats()` and its kin. */

import { assertEquals, assertThrows } from "@std/assert";
import { ThreadStateError } from "../../mod.ts";
import {
  _Py_GetGlobalAllocatedBlocks,
  _PyObject_DebugMallocStats,
  Py_FinalizeEx,
  Py_Initialize,
  PyMem_Malloc,
  PyMem_RawMalloc,
  PyObject_Malloc,
} from "../../src/capi/mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { withRuntime } from "../capi/fixture.ts";

Deno.test("C29: _Py_GetGlobalAllocatedBlocks() counts MEM and OBJ", () => {
  withRuntime(() => {
    const before = _Py_GetGlobalAllocatedBlocks();
    PyMem_Malloc(48);
    PyObject_Malloc(100_000);
    PyMem_RawMalloc(48);
    assertEquals(_Py_GetGlobalAllocatedBlocks() - before, 2);
  });
});

Deno.test("_PyObject_DebugMallocStats() writes to its file or to stderr", () => {
  withRuntime((heap) => {
    const texts: string[] = [];
    const take = (text: string) => void texts.push(text);
    assertEquals(_PyObject_DebugMallocStats(take), 1);
    const before = Debug.Stderr.redirect(take);
    assertEquals(_PyObject_DebugMallocStats(), 1);
    Debug.Stderr.redirect(before);
    assertEquals(texts, [heap.debugMallocStats(), heap.debugMallocStats()]);
  }, "gil");
});

Deno.test("_PyObject_DebugMallocStats() has nothing to say of malloc", () => {
  Py_Initialize({ build: "gil", malloc: "malloc", maxBytes: 8 << 20 });
  const texts: string[] = [];
  PyMem_Malloc(48);
  assertEquals(_PyObject_DebugMallocStats((text) => texts.push(text)), 0);
  assertEquals(_Py_GetGlobalAllocatedBlocks(), 1);
  assertEquals(texts, []);
  Py_FinalizeEx();
});

Deno.test("the reports need a runtime", () => {
  assertThrows(
    () => _Py_GetGlobalAllocatedBlocks(),
    ThreadStateError,
    "Cannot count the allocated blocks: this worker has no runtime",
  );
  assertThrows(() => _PyObject_DebugMallocStats(), ThreadStateError);
});
