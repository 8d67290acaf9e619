/**
 * What the idiomatic face throws where C gives NULL: the built-in class whose
 * meaning fits, with the attempt and the value in the text.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  FatalError,
  HandleError,
  type Heap,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "../../mod.ts";
import { attach, createHeap } from "../../mod.ts";
import {
  assertUnchanged,
  BUILDS,
  DOMAINS,
  snapshot,
  withHeap,
} from "../helpers/heap_fixture.ts";

const LIMIT = Number.MAX_SAFE_INTEGER;

/** Sizes that are none, and sizes that are too large for any heap. */
const IMPOSSIBLE = [-1, -0.5, 0.5, 1.5, NaN, LIMIT + 1, Infinity, -Infinity];
const TOO_LARGE = [LIMIT, 2 ** 40, 2 ** 32];

/** The requests of all domains for a size. */
function requests(heap: Heap, nbytes: number): [string, () => unknown][] {
  return DOMAINS.flatMap((domain): [string, () => unknown][] => [
    [`malloc in ${domain}`, () => heap[domain].malloc(nbytes)],
    [`calloc in ${domain}`, () => heap[domain].calloc(1, nbytes)],
    [`calloc in ${domain}`, () => heap[domain].calloc(nbytes, 1)],
    [`realloc in ${domain}`, () => heap[domain].realloc(0, nbytes)],
  ]);
}

for (const build of BUILDS) {
  Deno.test(`a size that is none is a RangeError (${build})`, () => {
    withHeap(build, (heap) => {
      const before = snapshot(heap);
      for (const nbytes of IMPOSSIBLE) {
        for (const [name, request] of requests(heap, nbytes)) {
          const error = assertThrows(request, RangeError, `${nbytes}`, name);
          assert(error.message.startsWith("Cannot "), error.message);
          assertEquals(error.name, "RangeError");
        }
        assertUnchanged(heap, before, `requests of ${nbytes}`);
      }
    });
  });

  Deno.test(`a size beyond the heap is a MemoryError (${build})`, () => {
    withHeap(build, (heap) => {
      const before = snapshot(heap);
      for (const nbytes of TOO_LARGE) {
        for (const [name, request] of requests(heap, nbytes)) {
          assertThrows(request, MemoryError, `${nbytes}`, name);
        }
        assertUnchanged(heap, before, `requests of ${nbytes}`);
      }
    });
  });
}

Deno.test("error classes are what their readers expect", () => {
  assert(new MemoryError("") instanceof Error);
  assert(new PointerError("") instanceof RangeError);
  assert(new HandleError("") instanceof TypeError);
  assert(new ThreadStateError("") instanceof Error);
  assert(new FatalError("") instanceof Error);
});

Deno.test("createHeap() refuses options that make no sense", () => {
  for (const maxBytes of [0, -1, 1 << 20, 2 ** 33, NaN, Infinity]) {
    assertThrows(
      () => createHeap({ maxBytes }),
      RangeError,
      "Cannot create a heap",
    );
  }
  // @ts-expect-error No such build.
  assertThrows(() => createHeap({ build: "jit" }), TypeError, '"jit"');
  // @ts-expect-error No number.
  assertThrows(() => createHeap({ maxBytes: "1" }), TypeError, "maxBytes");
  for (const switchInterval of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => createHeap({ maxBytes: 1 << 23, switchInterval }),
      RangeError,
      "switch interval",
    );
  }
});

Deno.test("attach() refuses what is no handle", () => {
  const buffer = new SharedArrayBuffer(1 << 23);
  for (
    const handle of [
      undefined,
      null,
      5,
      {},
      { obmalloc: "heap" },
      { obmalloc: "heap", version: 1, buffer },
      { obmalloc: "heap", version: 1, buffer: new ArrayBuffer(1 << 23) },
      { obmalloc: "heap", version: 1, buffer: new SharedArrayBuffer(8) },
    ]
  ) {
    assertThrows(
      // @ts-expect-error No handle.
      () => attach(handle),
      HandleError,
      "Cannot attach",
      Deno.inspect(handle),
    );
  }
});
