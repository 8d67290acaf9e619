/**
 * A living CPython beside us: the same calls by ctypes with
 * `PYTHONMALLOC=debug`, the same bytes of the blocks and the same reports.
 * Tests of machines without Python 3.8 or later end at once.
 */

import { assert, assertEquals } from "@std/assert";
import { createHeap, type Heap, type MemPtr, type RawPtr } from "../../mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { fatalOf, hex, MAX_BYTES, plain } from "./debug_heap.ts";

/** Functions of C for the scripts; blocks of both have CPython's classes. */
const PRELUDE = `
import ctypes
api = ctypes.pythonapi
def function(name, result, *arguments):
    f = getattr(api, name)
    f.restype, f.argtypes = result, arguments
    return f
P, N = ctypes.c_void_p, ctypes.c_size_t
malloc = function("PyMem_Malloc", P, N)
calloc = function("PyMem_Calloc", P, N, N)
realloc = function("PyMem_Realloc", P, P, N)
free = function("PyMem_Free", None, P)
raw_malloc = function("PyMem_RawMalloc", P, N)
raw_free = function("PyMem_RawFree", None, P)
obj_malloc = function("PyObject_Malloc", P, N)
def show(p, count):
    print(ctypes.string_at(p, count).hex(" "))
def fill(p, value, count):
    ctypes.memset(p, value, count)
`;

/** What a script of Python prints, or null if there is no Python. */
function python(script: string): { stdout: string; stderr: string } | null {
  try {
    const { stdout, stderr } = new Deno.Command("python3", {
      args: ["-c", PRELUDE + script],
      env: { PYTHONMALLOC: "debug", PYTHONTRACEMALLOC: "" },
    }).outputSync();
    const decoder = new TextDecoder();
    return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Runs a test on a heap whose blocks have CPython's sizes: without seals. */
function withHooks(test: (heap: Heap) => void): void {
  using heap = createHeap({ build: "gil", maxBytes: MAX_BYTES });
  Debug.setUp(heap.core);
  test(heap);
}

Deno.test("CPython: bytes of the blocks (C22, C26, C27)", () => {
  const theirs = python(`
for n in (0, 1, 8, 20, 300):
    for f in (malloc, raw_malloc, obj_malloc):
        show(f(n) - 16, n + 24)
show(calloc(2, 5) - 16, 34)
p = malloc(20); fill(p, 7, 20); p = realloc(p, 30); show(p - 16, 54)
p = malloc(300); fill(p, 7, 300); q = realloc(p, 290); show(q - 16, 314)
p = malloc(300); fill(p, 7, 300); p = realloc(p, 100); show(p - 16, 124)
`);
  if (theirs === null) return;
  withHooks((heap) => {
    const { mem, raw, obj, u8 } = heap;
    const lines: string[] = [];
    const show = (p: number, n: number) =>
      lines.push(hex(heap, p - 16, n + 24));
    for (const n of [0, 1, 8, 20, 300]) {
      for (const domain of [mem, raw, obj]) show(domain.malloc(n), n);
    }
    show(mem.calloc(2, 5), 10);
    for (const [from, to] of [[20, 30], [300, 290], [300, 100]]) {
      const p = mem.malloc(from);
      u8.fill(7, p, p + from);
      show(mem.realloc(p, to), to);
    }
    assertEquals(lines.join("\n"), theirs.stdout.trim());
  });
});

/** Mistakes: what Python does, and the same here. */
const MISTAKES: Readonly<Record<string, [string, (heap: Heap) => void]>> = {
  overflow: ["p = malloc(20); fill(p + 20, 0x78, 3); free(p)", (heap) => {
    const p = heap.mem.malloc(20);
    heap.u8.fill(0x78, p + 20, p + 23);
    heap.mem.free(p);
  }],
  underflow: ["p = malloc(20); fill(p - 7, 0x41, 7); free(p)", (heap) => {
    const p = heap.mem.malloc(20);
    heap.u8.fill(0x41, p - 7, p);
    heap.mem.free(p);
  }],
  both: ["p = malloc(9); fill(p - 2, 1, 12); free(p)", (heap) => {
    const p = heap.mem.malloc(9);
    heap.u8.fill(1, p - 2, p + 10);
    heap.mem.free(p);
  }],
  domain: ["p = malloc(16); raw_free(p)", (heap) => {
    heap.raw.free(heap.mem.malloc(16) as number as RawPtr);
  }],
  realloc: ["p = malloc(17); fill(p + 17, 0, 8); realloc(p, 40)", (heap) => {
    const p = heap.mem.malloc(17);
    heap.u8.fill(0, p + 17, p + 25);
    heap.mem.realloc(p, 40);
  }],
  large: ["p = malloc(1000); fill(p + 1000, 2, 1); free(p)", (heap) => {
    const p: MemPtr = heap.mem.malloc(1000);
    heap.u8[p + 1000] = 2;
    heap.mem.free(p);
  }],
};

for (const [name, [script, mistake]] of Object.entries(MISTAKES)) {
  Deno.test(`CPython: the report on a mistake (${name})`, () => {
    const theirs = python(script);
    if (theirs === null) return;
    assert(theirs.stderr.includes("Fatal Python error"), theirs.stderr);
    withHooks((heap) => {
      const { report } = fatalOf(() => mistake(heap));
      // Extension modules that Python had loaded; we have none.
      const text = plain(theirs.stderr).replace(
        /\n+Extension modules: .*/,
        "\n",
      );
      assertEquals(plain(report), text);
    });
  });
}
