/**
 * What the debug hooks find, and every byte of what they say about it. The
 * texts follow CPython 3.11 to 3.13, `PYTHONMALLOC=debug`; only
 * addresses, threads and frames are replaced, and our own last line.
 */

import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  attach,
  createHeap,
  FatalError,
  type Heap,
  type MemPtr,
  PointerError,
  type RawPtr,
} from "../../mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { Debug } from "../../src/hooks/mod.ts";
import {
  captured,
  ending,
  fatalOf,
  MAX_BYTES,
  plain,
  UNTRACED,
  withDebugHeap,
} from "./debug_heap.ts";

const LEADING_OK =
  "    The 7 pad bytes at p-7 are FORBIDDENBYTE, as expected.\n";
const TRAILING_OK =
  "    The 8 pad bytes at tail=<tail> are FORBIDDENBYTE, as expected.\n";
const OURS = "\nAllocated by thread 2.\n";

/** Lines of a fence that is wrong, each byte in hexadecimal. */
function fence(names: readonly string[], bytes: readonly string[]): string {
  return bytes.map((byte, k) =>
    `        at ${names[k]}: 0x${byte}${byte === "fd" ? "" : " *** OUCH"}\n`
  ).join("");
}

const LEADING_NAMES = ["p-7", "p-6", "p-5", "p-4", "p-3", "p-2", "p-1"];
const TRAILING_NAMES = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => `tail+${k}`);
const FENCE = ["fd", "fd", "fd", "fd", "fd", "fd", "fd"];
const MAY_BE_BOGUS =
  "    Because memory is corrupted at the start, the count of bytes " +
  "requested\n       may be bogus, and checking the trailing pad bytes may " +
  "segfault.\n";

/** A block that something was written behind. */
function overflowed(heap: Heap): MemPtr {
  const p = heap.mem.malloc(16);
  heap.u8[p + 16] = 0x78;
  return p;
}

/** The report on it. */
const OVERFLOW = "Debug memory block at address p=<p>: API 'm'\n" +
  "    16 bytes originally requested\n" + LEADING_OK +
  "    The 8 pad bytes at tail=<tail> are not all FORBIDDENBYTE (0xfd):\n" +
  fence(TRAILING_NAMES, ["78", ...FENCE]) +
  "    Data at p: cd cd cd cd cd cd cd cd cd cd cd cd cd cd cd cd\n";

for (const build of BUILDS) {
  Deno.test(`hooks: overflow found by free (C23, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const error = fatalOf(() => heap.mem.free(overflowed(heap)));
      const message = "_PyMem_DebugRawFree: bad trailing pad byte";
      assertEquals(error.message, message);
      assertEquals(
        plain(error.report),
        OVERFLOW + UNTRACED + ending(build, message) + OURS,
      );
    });
  });

  Deno.test(`hooks: overflow of a traced block (${build})`, () => {
    withDebugHeap(build, (heap) => {
      heap.tracemalloc.start(10);
      const p = overflowed(heap);
      for (
        const give of [() => heap.mem.free(p), () => heap.mem.realloc(p, 9)]
      ) {
        const { report, message } = fatalOf(give);
        const TRACED =
          "\nMemory block allocated at (most recent call first):\n";
        const [block, rest] = report.split(TRACED);
        assertEquals(`${plain(block)}`, OVERFLOW);
        const [trace, verdict] = rest.split("\n\n");
        const [first, second] = trace.split("\n");
        assert(
          /^ {2}File ".*debug_reports_test.ts", line 57$/.test(first),
          first,
        );
        assert(/^ {2}File ".*debug_reports_test.ts", line \d+$/.test(second));
        assert(verdict.startsWith(`Fatal Python error: ${message}\n`), verdict);
      }
      assertEquals(heap.tracemalloc.getTracedMemory()[0], 16);
      heap.tracemalloc.stop();
    });
  });

  Deno.test(`hooks: overflow found by realloc (C24, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const error = fatalOf(() => heap.mem.realloc(overflowed(heap), 40));
      const message = "_PyMem_DebugRawRealloc: bad trailing pad byte";
      assertEquals(
        plain(error.report),
        OVERFLOW + UNTRACED + ending(build, message) + OURS,
      );
    });
  });

  Deno.test(`hooks: underflow (C23, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const p = heap.mem.malloc(20);
      heap.u8[p - 1] = 0x41;
      const error = fatalOf(() => heap.mem.free(p));
      assertEquals(
        plain(error.report),
        "Debug memory block at address p=<p>: API 'm'\n" +
          "    20 bytes originally requested\n" +
          "    The 7 pad bytes at p-7 are not all FORBIDDENBYTE (0xfd):\n" +
          fence(LEADING_NAMES, [...FENCE.slice(1), "41"]) + MAY_BE_BOGUS +
          TRAILING_OK +
          "    Data at p: cd cd cd cd cd cd cd cd ... cd cd cd cd cd cd cd cd\n" +
          UNTRACED +
          ending(build, "_PyMem_DebugRawFree: bad leading pad byte") + OURS,
      );
    });
  });

  Deno.test(`hooks: wrong domain (C23, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const p = heap.mem.malloc(16);
      const error = fatalOf(() => heap.raw.free(p as number as RawPtr));
      const message = "_PyMem_DebugRawFree: bad ID: Allocated using API 'm', " +
        "verified using API 'r'";
      assertEquals(
        plain(error.report),
        "Debug memory block at address p=<p>: API 'm'\n" +
          "    16 bytes originally requested\n" + LEADING_OK + TRAILING_OK +
          "    Data at p: cd cd cd cd cd cd cd cd cd cd cd cd cd cd cd cd\n" +
          UNTRACED + ending(build, message) + OURS,
      );
    });
  });

  Deno.test(`hooks: double free names both workers (${build})`, () => {
    withDebugHeap(build, (heap) => {
      const p = heap.mem.malloc(16);
      heap.mem.malloc(16);
      heap.threads.detach();
      const other = attach(heap.handle);
      other.mem.free(p);
      other.close();
      heap.threads.attach();
      const { report } = fatalOf(() => heap.mem.free(p));
      // The engine's link stands where the size was.
      assertEquals(
        plain(report).replace(/\d+ bytes originally/, "<n> bytes originally"),
        "Debug memory block at address p=<p>: API '\\xdd'\n" +
          "    <n> bytes originally requested\n" +
          "    The 7 pad bytes at p-7 are not all FORBIDDENBYTE (0xfd):\n" +
          fence(LEADING_NAMES, Array(7).fill("dd")) + MAY_BE_BOGUS +
          "    The 8 pad bytes at tail=<tail> are outside the heap.\n" +
          "    Data at p: dd dd dd dd dd dd dd dd ...\n" + UNTRACED +
          ending(
            build,
            "_PyMem_DebugRawFree: bad ID: Allocated using API '\\xdd', " +
              "verified using API 'm'",
          ) +
          "\nAllocated by thread 2; first freed by thread 3.\n",
      );
    });
  });

  Deno.test(`hooks: wrong heap (${build})`, () => {
    using foreign = createHeap({ build, malloc: "debug", maxBytes: MAX_BYTES });
    for (let k = 0; k < 100; k++) foreign.mem.malloc(400);
    const p = foreign.mem.malloc(400);
    withDebugHeap(build, (heap) => {
      const error = fatalOf(() => heap.mem.free(p));
      assertEquals(
        plain(error.report),
        "Debug memory block at address p=<p>: API '\\x00'\n" +
          "    0 bytes originally requested\n" +
          "    The 7 pad bytes at p-7 are not all FORBIDDENBYTE (0xfd):\n" +
          fence(LEADING_NAMES, Array(7).fill("00")) + MAY_BE_BOGUS +
          "    The 8 pad bytes at tail=<tail> are not all FORBIDDENBYTE " +
          "(0xfd):\n" + fence(TRAILING_NAMES, Array(8).fill("00")) + UNTRACED +
          ending(
            build,
            "_PyMem_DebugRawFree: bad ID: Allocated using API '\\x00', " +
              "verified using API 'm'",
          ),
      );
    });
  });

  Deno.test(`hooks: detached calls (C23, ${build})`, () => {
    const because = build === "gil"
      ? "without holding the GIL"
      : "without an active thread state. Are you trying to call it inside " +
        "of a Py_BEGIN_ALLOW_THREADS block?";
    const calls = {
      _PyMem_DebugMalloc: (heap: Heap) => heap.mem.malloc(10),
      _PyMem_DebugCalloc: (heap: Heap) => heap.obj.calloc(1, 10),
      _PyMem_DebugRealloc: (heap: Heap, p: MemPtr) => heap.mem.realloc(p, 10),
      _PyMem_DebugFree: (heap: Heap, p: MemPtr) => heap.mem.free(p),
    };
    for (const [name, call] of Object.entries(calls)) {
      withDebugHeap(build, (heap) => {
        const p = heap.mem.malloc(10);
        const error = fatalOf(() => heap.threads.detached(() => call(heap, p)));
        const message = `${name}: Python memory allocator called ${because}`;
        assertEquals(plain(error.report), ending(build, message));
        heap.raw.free(heap.raw.malloc(10)); // needs none
      });
    }
  });

  Deno.test(`hooks: a write to a free block (${build})`, () => {
    withDebugHeap(build, (heap) => {
      const p = heap.mem.malloc(40);
      heap.mem.malloc(40);
      heap.mem.free(p);
      heap.u8[p + 21] = 0x41;
      const error = fatalOf(() => heap.mem.malloc(40));
      // Without the GIL it may have been an object, whose head is let alone.
      const where = build === "gil" ? "36 bytes at p+0" : "20 bytes at p+16";
      assertEquals(
        plain(error.report),
        "Debug memory block at address p=<p>: freed\n" +
          `    The ${where} are not all DEADBYTE (0xdd):\n` +
          "        at p+21: 0x41 *** OUCH\n" +
          "    Data at p: dd dd dd dd dd dd dd dd dd dd dd dd dd dd dd dd\n\n" +
          ending(
            build,
            "_PyMem_DebugRawMalloc: bad dead byte: block was written to " +
              "while free",
          ) + "\nFreed by thread 2.\n",
      );
    });
  });

  Deno.test(`hooks: the data line for each length (C25, ${build})`, () => {
    const CD = (count: number) => " cd".repeat(count);
    const lines = new Map([
      [0, ""],
      [1, CD(1)],
      [8, CD(8)],
      [9, CD(9)],
      [16, CD(16)],
      [17, `${CD(8)} ...${CD(8)}`],
      [100, `${CD(8)} ...${CD(8)}`],
    ]);
    for (const [nbytes, data] of lines) {
      withDebugHeap(build, (heap) => {
        const p = heap.mem.malloc(nbytes);
        const { report } = fatalOf(() => heap.raw.free(p as number as RawPtr));
        const found = /^ {4}Data at p:(.*)$/m.exec(report)?.[1] ?? "";
        assertEquals(found, data, `${nbytes} bytes`);
        assertStringIncludes(report, `    ${nbytes} bytes originally`);
      });
    }
  });
}

Deno.test("hooks: the frames are those of the caller", () => {
  withDebugHeap("gil", (heap) => {
    function culprit(): void {
      heap.mem.free(overflowed(heap));
    }
    const { report } = fatalOf(culprit);
    const [first] = /File .*/.exec(report) ?? [""];
    assert(/^File ".*debug_reports_test.ts", line \d+ in culprit$/.test(first));
    assert(!report.includes("/src/"), "frames of the library");
  });
});

Deno.test("hooks: a report that cannot be written is in the error", () => {
  withDebugHeap("gil", (heap) => {
    const p = overflowed(heap);
    const before = Debug.Stderr.redirect(() => {
      throw new Error("The pipe is broken");
    });
    try {
      const error = assertThrows(() => heap.mem.free(p), FatalError);
      assertStringIncludes(error.report, "bad trailing pad byte");
    } finally {
      Debug.Stderr.redirect(before);
    }
  });
});

Deno.test("_PyObject_DebugDumpAddress()", () => {
  withDebugHeap("gil", (heap) => {
    const dump = (p: number) =>
      captured(() => Debug.dumpAddress(heap.core.m, p));
    assertEquals(dump(0), "Debug memory block at address p=(nil):\n");
    assertEquals(
      plain(dump(heap.obj.malloc(3))),
      "Debug memory block at address p=<p>: API 'o'\n" +
        "    3 bytes originally requested\n" + LEADING_OK + TRAILING_OK +
        "    Data at p: cd cd cd\n" + UNTRACED,
    );
    for (const p of [8, MAX_BYTES - 4, 1e12]) {
      assertThrows(() => dump(p), PointerError, "Cannot report on 0x");
    }
  });
});
