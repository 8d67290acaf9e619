/**
 * The three families of functions, which have the same shape: NULL for what C
 * gives NULL, errors for what C leaves undefined. What both faces have in
 * common is tested in `tests/conformance` and `tests/misuse`.
 */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Heap, PointerError, ThreadStateError } from "../../mod.ts";
import {
  NULL,
  Py_FinalizeEx,
  PY_SSIZE_T_MAX,
  PyErr_Occurred,
} from "../../src/capi/mod.ts";
import {
  assertPainted,
  assertUnchanged,
  type Calls,
  type Domain,
  DOMAINS,
  liveBlocks,
  paint,
  snapshot,
} from "../helpers/heap_fixture.ts";
import { FAMILIES } from "./c_face.ts";
import { detached, MAX_BYTES, withRuntime } from "./fixture.ts";

/** Names of the functions in texts, and what they do. */
const PREFIX = { raw: "PyMem_Raw", mem: "PyMem_", obj: "PyObject_" } as const;

/** What C takes for sizes that no block can have. */
const HUGE = [
  -1,
  -4096,
  -(2 ** 53),
  PY_SSIZE_T_MAX,
  PY_SSIZE_T_MAX - 24,
  2 ** 53,
  2 ** 63 - 1,
  2 ** 63,
  2 ** 64,
  Infinity,
  -Infinity,
  MAX_BYTES,
];

/** What no C program could give for a size, as its text shows it. */
const NO_SIZES: readonly [value: unknown, shown: string][] = [
  [NaN, "NaN"],
  [0.5, "0.5"],
  [-0.5, "-0.5"],
  [512.000001, "512.000001"],
  ["8", '"8"'],
  [undefined, "undefined"],
  [null, "null"],
  [true, "true"],
  [8n, "8"],
  [Symbol("8"), "Symbol(8)"],
  [[8], "an object"],
];

const NO_POINTERS: readonly unknown[] = [
  "16",
  undefined,
  null,
  true,
  8n,
  Symbol("pointer"),
  [16],
  Object.create(null),
];

/** Runs the same test for each family of functions. */
function eachFamily(
  name: string,
  test: (calls: Calls, heap: Heap, domain: Domain) => void,
): void {
  for (const domain of DOMAINS) {
    it(`${PREFIX[domain]}*: ${name}`, () => {
      withRuntime((heap) => test(FAMILIES[domain], heap, domain));
    });
  }
}

/** The requests with a value for each size and count. */
function requests(
  calls: Calls,
  block: number,
  size: number,
): [string, () => number][] {
  return [
    ["malloc", () => calls.malloc(size)],
    ["calloc, count", () => calls.calloc(size, 16)],
    ["calloc, size", () => calls.calloc(16, size)],
    ["realloc of NULL", () => calls.realloc(NULL, size)],
    ["realloc", () => calls.realloc(block, size)],
  ];
}

describe("The families of the C face", () => {
  eachFamily("zero sizes are blocks of their own", (calls, heap, domain) => {
    const blocks = [
      calls.malloc(0),
      calls.malloc(-0),
      calls.calloc(0, 0),
      calls.calloc(0, 9),
      calls.calloc(9, 0),
      calls.realloc(NULL, 0),
      calls.realloc(calls.malloc(100), 0),
    ];
    assert(!blocks.includes(NULL));
    assertEquals(new Set(blocks).size, blocks.length);
    assertEquals(liveBlocks(heap, domain), blocks.length);
    blocks.forEach(calls.free);
    assertEquals(liveBlocks(heap, domain), 0);
  });

  eachFamily("blocks keep what is written into them", (calls, heap) => {
    const block = calls.calloc(10, 10);
    assertEquals(heap.u8.slice(block, block + 100), new Uint8Array(100));
    paint(heap, block, 100, 3);
    const moved = calls.realloc(block, 10000);
    assertPainted(heap, moved, 100, 3);
    calls.free(moved);
  });

  eachFamily("a size that no block can have gives NULL", (calls, heap) => {
    const block = calls.malloc(100);
    paint(heap, block, 100, 5);
    const before = snapshot(heap);
    for (const size of HUGE) {
      for (const [name, request] of requests(calls, block, size)) {
        assertEquals(request(), NULL, `${name} with ${size}`);
      }
    }
    assertEquals(calls.calloc(2 ** 27, 2 ** 26), NULL);
    assertUnchanged(heap, before, "requests that give NULL");
    assertEquals(PyErr_Occurred(), null, "no function sets the indicator");
    calls.free(block);
  });

  eachFamily("no memory is NULL and changes no block", (calls, heap) => {
    const block = calls.malloc(3000);
    paint(heap, block, 3000, 9);
    const hoard: number[] = [];
    for (let size = 1 << 20; size >= 16; size >>= 1) {
      for (let p = calls.malloc(size); p !== NULL; p = calls.malloc(size)) {
        hoard.push(p);
      }
    }
    assertEquals(calls.calloc(1, 40000), NULL);
    assertEquals(calls.realloc(block, 40000), NULL);
    assertPainted(heap, block, 3000, 9);
    assertEquals(PyErr_Occurred(), null);
    hoard.forEach(calls.free);
    const moved = calls.realloc(block, 40000);
    assertNotEquals(moved, NULL);
    assertPainted(heap, moved, 3000, 9);
    calls.free(moved);
  });

  eachFamily("what is no size is a TypeError", (calls, heap, domain) => {
    const block = calls.malloc(100);
    const before = snapshot(heap);
    for (const [value, shown] of NO_SIZES) {
      // The compiler would not let it through; JavaScript does.
      for (const [name, request] of requests(calls, block, value as number)) {
        const { message } = assertThrows(request, TypeError, shown, name);
        assert(message.startsWith("Cannot "), message);
        assert(message.includes(`in the ${domain} domain: `), message);
        const kind = typeof value === "number" ? "an integer" : "a number";
        assert(message.endsWith(` must be ${kind}`), message);
      }
    }
    assertUnchanged(heap, before, "requests without a size");
    calls.free(block);
  });

  eachFamily("NULL may be freed at any time", (calls, heap) => {
    calls.free(NULL);
    detached(heap, () => calls.free(NULL));
    Py_FinalizeEx();
    calls.free(NULL);
  });

  eachFamily("a wrong pointer is refused", (calls, _heap, domain) => {
    const block = calls.malloc(100);
    for (const pointer of [1, 16, block + 8, block + 1, -block, 2 ** 40]) {
      for (
        const call of [
          () => calls.free(pointer),
          () => calls.realloc(pointer, 10),
        ]
      ) {
        assertThrows(call, PointerError, `in the ${domain} domain`);
      }
    }
    calls.free(block);
  });

  eachFamily("what is no pointer is a TypeError", (calls, heap, domain) => {
    const before = snapshot(heap);
    for (const value of NO_POINTERS) {
      // The compiler would not let it through; JavaScript does.
      for (
        const call of [
          () => calls.free(value as number),
          () => calls.realloc(value as number, 10),
        ]
      ) {
        const { message } = assertThrows(call, TypeError, "it is no address");
        assert(message.includes(`in the ${domain} domain: `), message);
      }
    }
    assertUnchanged(heap, before, "calls without a pointer");
  });

  eachFamily("a pointer of another family is refused", (_calls, _, domain) => {
    for (const other of DOMAINS.filter((each) => each !== domain)) {
      for (const size of [0, 100, 1000, 100000]) {
        const block = FAMILIES[other].malloc(size);
        assertThrows(() => FAMILIES[domain].free(block), PointerError, other);
        assertThrows(
          () => FAMILIES[domain].realloc(block, 10),
          PointerError,
          other,
        );
        FAMILIES[other].free(block);
      }
    }
  });
});

describe("The families without an attached thread state", () => {
  for (const domain of ["mem", "obj"] as const) {
    it(`${PREFIX[domain]}* throw`, () => {
      withRuntime((heap) => {
        const calls = FAMILIES[domain];
        const block = calls.malloc(10);
        detached(heap, () => {
          for (const size of [0, 10, 100000, NaN]) {
            for (const [name, request] of requests(calls, block, size)) {
              const text = "without an attached thread state";
              assertThrows(request, ThreadStateError, text, name);
            }
          }
          assertThrows(() => calls.free(block), ThreadStateError);
        });
        calls.free(block);
      });
    });
  }

  it("PyMem_Raw* work", () => {
    withRuntime((heap) => {
      const calls = FAMILIES.raw;
      detached(heap, () => {
        for (const [, request] of requests(calls, NULL, 100)) {
          calls.free(request());
        }
      });
      assertEquals(liveBlocks(heap, "raw"), 0);
    });
  });

  for (const domain of DOMAINS) {
    it(`${PREFIX[domain]}* throw without a runtime`, () => {
      const calls = FAMILIES[domain];
      for (const [name, request] of requests(calls, 4096, 10)) {
        const text = `in the ${domain} domain: this worker has no runtime`;
        assertThrows(request, ThreadStateError, text, name);
      }
      assertThrows(() => calls.free(4096), ThreadStateError, "no runtime");
    });

    it(`${PREFIX[domain]}* throw when the heap is closed`, () => {
      withRuntime((heap) => {
        const calls = FAMILIES[domain];
        const block = calls.malloc(10);
        heap.close();
        for (const [name, request] of requests(calls, block, 10)) {
          assertThrows(request, ThreadStateError, "Cannot ", name);
        }
        assertThrows(() => calls.free(block), ThreadStateError, "Cannot free");
      });
    });
  }
});
