/**
 * CPython's `Modules/_testcapi/mem.c`: allocator records that watch, and
 * records that fail. Names as there.
 *
 * Not here: `test_pyobject_new` (see `testcapi_object_test.ts`), `tracemalloc_*`
 * (see the tests of allocation tracing), `check_pyobject_*` (see
 * `test_mem_test.ts`).
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Py_FinalizeEx,
  Py_Initialize,
  PYMEM_ALLOCATOR_DEFAULT,
  PYMEM_ALLOCATOR_MIMALLOC_DEBUG,
  PYMEM_ALLOCATOR_PYMALLOC,
  PYMEM_DOMAIN_MEM,
  PYMEM_DOMAIN_OBJ,
  PYMEM_DOMAIN_RAW,
  PyMem_GetAllocator,
  PyMem_SetAllocator,
  PyMem_SetupDebugHooks,
  type PyMemAllocatorEx,
  type PyMemAllocatorOut,
} from "../../src/capi/mod.ts";
import * as C from "../../src/capi/mod.ts";
import type { Build } from "../../mod.ts";
import { FAMILIES } from "../capi/c_face.ts";
import { BUILDS, DOMAINS } from "../helpers/heap_fixture.ts";
import { withRuntime } from "../capi/fixture.ts";

const NUMBERS = {
  raw: PYMEM_DOMAIN_RAW,
  mem: PYMEM_DOMAIN_MEM,
  obj: PYMEM_DOMAIN_OBJ,
} as const;

/** The record of a domain. */
function allocatorOf(domain: number): PyMemAllocatorEx {
  const record = {} as PyMemAllocatorEx;
  PyMem_GetAllocator(domain, record);
  return record;
}

/** What a record was last called with. */
class Recorder {
  alloc: PyMemAllocatorEx;
  malloc: unknown[] = [];
  calloc: unknown[] = [];
  realloc: unknown[] = [];
  free: unknown[] = [];

  constructor(alloc: PyMemAllocatorEx) {
    this.alloc = alloc;
  }

  /** A record that notes its arguments and passes them on. */
  record(): PyMemAllocatorEx<Recorder> {
    return {
      ctx: this,
      malloc(ctx, size) {
        ctx.malloc = [ctx, size];
        return ctx.alloc.malloc(ctx.alloc.ctx, size);
      },
      calloc(ctx, nelem, elsize) {
        ctx.calloc = [ctx, nelem, elsize];
        return ctx.alloc.calloc(ctx.alloc.ctx, nelem, elsize);
      },
      realloc(ctx, ptr, newSize) {
        ctx.realloc = [ctx, ptr, newSize];
        return ctx.alloc.realloc(ctx.alloc.ctx, ptr, newSize);
      },
      free(ctx, ptr) {
        ctx.free = [ctx, ptr];
        ctx.alloc.free(ctx.alloc.ctx, ptr);
      },
    };
  }
}

/** C: test_setallocators(). */
function test_setallocators(domain: keyof typeof NUMBERS): void {
  const calls = FAMILIES[domain];
  const recorder = new Recorder(allocatorOf(NUMBERS[domain]));
  PyMem_SetAllocator(NUMBERS[domain], recorder.record());

  const ptr = calls.malloc(42);
  assert(ptr !== 0, "malloc failed");
  assertEquals(recorder.malloc, [recorder, 42]);
  const ptr2 = calls.realloc(ptr, 200);
  assert(ptr2 !== 0, "realloc failed");
  assertEquals(recorder.realloc, [recorder, ptr, 200]);
  calls.free(ptr2);
  assertEquals(recorder.free, [recorder, ptr2]);
  const ptr3 = calls.calloc(2, 5);
  assert(ptr3 !== 0, "calloc failed");
  assertEquals(recorder.calloc, [recorder, 2, 5]);
  calls.free(ptr3);
  assertEquals(recorder.free, [recorder, ptr3]);

  PyMem_SetAllocator(NUMBERS[domain], recorder.alloc);
  recorder.malloc = [];
  calls.free(calls.malloc(42));
  assertEquals(recorder.malloc, [], "the record was restored");
}

const SETTERS = {
  test_pymem_setrawallocators: "raw",
  test_pymem_setallocators: "mem",
  test_pyobject_setallocators: "obj",
} as const;

/** Requests of all domains, and which of them fail. C: set_nomemory(). */
class NoMemory {
  #count = 0;
  readonly #start: number;
  readonly #stop: number;
  readonly #before: PyMemAllocatorEx[];

  constructor(start: number, stop: number) {
    this.#start = start;
    this.#stop = stop;
    this.#before = [0, 1, 2].map(allocatorOf);
    for (const domain of [0, 1, 2]) {
      PyMem_SetAllocator(domain, this.#record(this.#before[domain]));
    }
  }

  /** C: remove_mem_hooks(). */
  remove(): void {
    for (const domain of [0, 1, 2]) {
      PyMem_SetAllocator(domain, this.#before[domain]);
    }
  }

  /** True if the next request fails. */
  #fails(): boolean {
    this.#count++;
    return this.#count > this.#start &&
      (this.#stop <= 0 || this.#count <= this.#stop);
  }

  #record(below: PyMemAllocatorEx): PyMemAllocatorEx {
    return {
      ctx: below.ctx,
      malloc: (ctx, size) => this.#fails() ? 0 : below.malloc(ctx, size),
      calloc: (ctx, n, size) => this.#fails() ? 0 : below.calloc(ctx, n, size),
      realloc: (ctx, p, size) =>
        this.#fails() ? 0 : below.realloc(ctx, p, size),
      free: (ctx, p) => below.free(ctx, p),
    };
  }
}

/** Runs a test with a runtime that has debug hooks, or none. */
function withMalloc(
  build: Build,
  malloc: "default" | "debug",
  test: () => void,
): void {
  Py_Initialize({ build, malloc, maxBytes: 16 * 1024 * 1024 });
  try {
    test();
  } finally {
    Py_FinalizeEx();
  }
}

for (const build of BUILDS) {
  for (const malloc of ["default", "debug"] as const) {
    for (const [name, domain] of Object.entries(SETTERS)) {
      Deno.test(`${name} (C32, ${build}, ${malloc})`, () => {
        withMalloc(build, malloc, () => test_setallocators(domain));
      });
    }

    Deno.test(`test_pymem_alloc0 (C01, ${build}, ${malloc})`, () => {
      withMalloc(build, malloc, () => {
        for (const domain of DOMAINS) {
          const calls = FAMILIES[domain];
          for (const ptr of [calls.malloc(0), calls.calloc(0, 0)]) {
            assert(ptr !== 0);
            calls.free(ptr);
          }
        }
      });
    });

    Deno.test(`set_nomemory, remove_mem_hooks (C33, ${build}, ${malloc})`, () => {
      withMalloc(build, malloc, () => {
        const window = new NoMemory(3, 5);
        const results = [0, 1, 2, 3, 4, 5, 6].map((k) =>
          FAMILIES[DOMAINS[k % 3]].malloc(10)
        );
        assertEquals(
          results.map((ptr) => ptr !== 0),
          [true, true, true, false, false, true, true],
        );
        results.forEach((ptr, k) => FAMILIES[DOMAINS[k % 3]].free(ptr));
        window.remove();
        window.remove(); // twice does no harm
        const mem = FAMILIES.mem;
        const block = mem.malloc(20);
        const failing = new NoMemory(0, 0);
        assertEquals(mem.malloc(10), 0);
        assertEquals(mem.calloc(1, 10), 0);
        assertEquals(mem.realloc(block, 600), 0);
        failing.remove();
        mem.free(block);
      });
    });
  }

  Deno.test(`unknown domains (C31, ${build})`, () => {
    withRuntime(() => {
      const record: PyMemAllocatorOut = allocatorOf(PYMEM_DOMAIN_MEM);
      for (const domain of [3, -1, 1.5, NaN]) {
        PyMem_SetAllocator(domain, record as PyMemAllocatorEx);
        PyMem_GetAllocator(domain, record);
        for (const key of ["ctx", "malloc", "calloc", "realloc", "free"]) {
          assertEquals(Reflect.get(record, key), null);
        }
      }
    }, build);
  });

  Deno.test(`a record without a member changes nothing (${build})`, () => {
    withRuntime((heap) => {
      const record = allocatorOf(PYMEM_DOMAIN_OBJ);
      for (const member of ["malloc", "calloc", "realloc", "free"]) {
        const error = assertThrows(
          () =>
            PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, {
              ...record,
              [member]: undefined,
            }),
          TypeError,
        );
        assertEquals(
          error.message,
          `Cannot set the allocator of the obj domain: ${member} is no ` +
            "function",
        );
      }
      assert(heap.core.allocators.isBase(PYMEM_DOMAIN_OBJ));
    }, build);
  });

  Deno.test(`PyMem_SetupDebugHooks() is idempotent (${build})`, () => {
    withRuntime(() => {
      const name = build === "gil" ? "pymalloc" : "mimalloc";
      assertEquals(C._PyMem_GetCurrentAllocatorName(), name);
      assertEquals(C._PyMem_DebugEnabled(), 0);
      PyMem_SetupDebugHooks();
      const once = allocatorOf(PYMEM_DOMAIN_RAW);
      PyMem_SetupDebugHooks();
      assert(allocatorOf(PYMEM_DOMAIN_RAW).ctx === once.ctx);
      assertEquals(C._PyMem_GetCurrentAllocatorName(), `${name}_debug`);
      assertEquals(C._PyMem_DebugEnabled(), 1);
      const window = new NoMemory(0, 1);
      assertEquals(C._PyMem_GetCurrentAllocatorName(), null);
      PyMem_SetupDebugHooks(); // on top again
      assert(allocatorOf(PYMEM_DOMAIN_RAW).ctx !== once.ctx);
      window.remove();
    }, build);
  });
}

Deno.test("_PyMem_GetAllocatorName()", () => {
  const name = C._PyMem_GetAllocatorName;
  assertEquals(name(null), PYMEM_ALLOCATOR_DEFAULT);
  assertEquals(name(""), PYMEM_ALLOCATOR_DEFAULT);
  assertEquals(name("pymalloc"), PYMEM_ALLOCATOR_PYMALLOC);
  assertEquals(name("mimalloc_debug"), PYMEM_ALLOCATOR_MIMALLOC_DEBUG);
  assertEquals(name("jemalloc"), -1);
  const names = ["default", "debug", "malloc", "malloc_debug"];
  assertEquals(names.map(name), [1, 2, 3, 4]);
});
