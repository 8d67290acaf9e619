/**
 * CPython's `Lib/test/test_capi/test_mem.py`, class PyMemDebugTests and its
 * kin, for each allocator that they run with. Names and patterns as there; a
 * process that fails is a `FatalError` here.
 *
 * Differs: `test_pyobject_*_is_freed` look at the words that such objects would
 * have, not at objects.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  _PyMem_IsPtrFreed,
  Py_FinalizeEx,
  Py_Initialize,
  PyErr_GetRaisedException,
  PyErr_NoMemory,
  PYMEM_DOMAIN_RAW,
  PyMem_Free,
  PyMem_GetAllocator,
  PyMem_Malloc,
  PyMem_RawFree,
  PyMem_SetAllocator,
  type PyMemAllocatorEx,
  PyObject_Free,
  PyObject_Malloc,
} from "../../src/capi/mod.ts";
import type { Build, Heap, MallocName, RawPtr } from "../../mod.ts";
import { fatalOf } from "../hooks/debug_heap.ts";

const PTR_REGEX = "(?:0x)?[0-9a-fA-F]+";

/** Allocators with hooks by build. */
const CELLS: readonly (readonly [Build, MallocName])[] = [
  ["gil", "debug"],
  ["gil", "malloc_debug"],
  ["gil", "pymalloc_debug"],
  ["gil", "mimalloc_debug"],
  ["free-threaded", "debug"],
  ["free-threaded", "mimalloc_debug"],
];

/** Runs a test in a runtime with an allocator. */
function check(
  build: Build,
  malloc: MallocName,
  test: (heap: Heap) => void,
): void {
  const heap = Py_Initialize({ build, malloc, maxBytes: 16 * 1024 * 1024 });
  try {
    test(heap);
  } finally {
    Py_FinalizeEx();
  }
}

/** What a piece of code that fails writes. */
function output(code: () => unknown): string {
  return fatalOf(code).report;
}

/** Claims that a call in a released thread state fails as in C. */
function checkWithoutGil(
  build: Build,
  heap: Heap,
  code: () => unknown,
): void {
  const out = output(() => heap.threads.detached(code));
  const text = build === "gil"
    ? "Python memory allocator called without holding the GIL"
    : "Python memory allocator called without an active thread state. Are " +
      "you trying to call it inside of a Py_BEGIN_ALLOW_THREADS block?";
  assert(out.includes(`Fatal Python error: _PyMem_DebugMalloc: ${text}`), out);
}

/** Requests that succeed before one fails. C: set_nomemory(start). */
function requestsUntilError(start: number): number {
  const below = {} as PyMemAllocatorEx;
  let count = 0;
  let blocks = 0;
  for (const domain of [PYMEM_DOMAIN_RAW, 1, 2]) {
    PyMem_GetAllocator(domain, below);
    const { ctx, malloc, calloc, realloc, free } = below;
    const fails = () => ++count > start;
    PyMem_SetAllocator(domain, {
      ctx,
      malloc: (c, n) => fails() ? 0 : malloc(c, n),
      calloc: (c, n, size) => fails() ? 0 : calloc(c, n, size),
      realloc: (c, p, n) => fails() ? 0 : realloc(c, p, n),
      free,
    });
  }
  while (PyObject_Malloc(10) !== 0) blocks++;
  return blocks;
}

for (const [build, malloc] of CELLS) {
  const cell = `${build}, ${malloc}`;

  Deno.test(`test_buffer_overflow (${cell})`, () => {
    check(build, malloc, (heap) => {
      const p = PyMem_Malloc(16);
      heap.u8[p + 16] = 0x78;
      const regex = [
        `Debug memory block at address p=${PTR_REGEX}: API 'm'`,
        " {4}16 bytes originally requested",
        " {4}The [0-9] pad bytes at p-[0-9] are FORBIDDENBYTE, as expected.",
        ` {4}The [0-9] pad bytes at tail=${PTR_REGEX} are not all ` +
        "FORBIDDENBYTE \\(0x[0-9a-f]{2}\\):",
        " {8}at tail\\+0: 0x78 \\*\\*\\* OUCH",
        " {8}at tail\\+1: 0xfd",
        " {8}at tail\\+2: 0xfd",
        "[^]* {4}Data at p: cd cd cd .*",
        "",
        "Enable tracemalloc to get the memory block allocation traceback",
        "",
        "Fatal Python error: _PyMem_DebugRawFree: bad trailing pad byte",
      ].join("\\n");
      assertMatch(output(() => PyMem_Free(p)), new RegExp(`^${regex}\\n`));
    });
  });

  Deno.test(`test_api_misuse (${cell})`, () => {
    check(build, malloc, () => {
      const p = PyMem_Malloc(16);
      const regex = [
        `Debug memory block at address p=${PTR_REGEX}: API 'm'`,
        " {4}16 bytes originally requested",
        " {4}The [0-9] pad bytes at p-[0-9] are FORBIDDENBYTE, as expected.",
        ` {4}The [0-9] pad bytes at tail=${PTR_REGEX} are FORBIDDENBYTE, ` +
        "as expected.",
        "[^]* {4}Data at p: cd cd cd .*",
        "",
        "Enable tracemalloc to get the memory block allocation traceback",
        "",
        "Fatal Python error: _PyMem_DebugRawFree: bad ID: Allocated using " +
        "API 'm', verified using API 'r'",
      ].join("\\n");
      const out = output(() => PyMem_RawFree(p as number as RawPtr));
      assertMatch(out, new RegExp(`^${regex}\\n`));
    });
  });

  Deno.test(`test_pymem_malloc_without_gil (${cell})`, () => {
    check(build, malloc, (heap) => {
      checkWithoutGil(build, heap, () => PyMem_Malloc(10));
    });
  });

  Deno.test(`test_pyobject_malloc_without_gil (${cell})`, () => {
    check(build, malloc, (heap) => {
      checkWithoutGil(build, heap, () => PyObject_Malloc(10));
    });
  });

  Deno.test(`test_pyobject_null_is_freed (${cell})`, () => {
    check(build, malloc, () => assertEquals(_PyMem_IsPtrFreed(0), 1));
  });

  Deno.test(`test_pyobject_uninitialized_is_freed (${cell})`, () => {
    check(build, malloc, (heap) => {
      const op = PyObject_Malloc(64);
      assertEquals(_PyMem_IsPtrFreed(heap.u32[(op + 16) >>> 2]), 1);
      assertEquals(_PyMem_IsPtrFreed(op), 0);
    });
  });

  Deno.test(`test_pyobject_forbidden_bytes_is_freed (${cell})`, () => {
    check(build, malloc, (heap) => {
      const op = PyObject_Malloc(16); // a type would be beyond its end
      assertEquals(_PyMem_IsPtrFreed(heap.u32[(op + 16) >>> 2]), 1);
    });
  });

  Deno.test(`test_pyobject_freed_is_freed (${cell})`, () => {
    check(build, malloc, (heap) => {
      const op = PyObject_Malloc(64);
      PyObject_Malloc(64);
      PyObject_Free(op);
      assertEquals(_PyMem_IsPtrFreed(heap.u32[(op + 16) >>> 2]), 1);
      assertEquals(_PyMem_IsPtrFreed(heap.i32[(op + 16) >>> 2]), 1);
    });
  });

  Deno.test(`test_set_nomemory (${cell})`, () => {
    for (const start of [10, 20, 30]) {
      check(build, malloc, () => {
        const blocks = requestsUntilError(start);
        assert(start - 4 <= blocks && blocks <= start, `${blocks} blocks`);
        assertEquals(PyErr_NoMemory(), 0);
        assertEquals(PyErr_GetRaisedException()?.name, "MemoryError");
      });
    }
  });
}
