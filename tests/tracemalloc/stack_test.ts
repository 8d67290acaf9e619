/** The JavaScript stack as a traceback. */

import { assert, assertEquals } from "@std/assert";
import { i32 } from "../../mod.ts";
import { PyMem_Free, PyMem_Malloc } from "../../src/capi/pymem.ts";
import { install, uninstall } from "../../src/capi/runtime.ts";
import { capture } from "../../src/hooks/tracemalloc/stack.ts";
import { here, traced } from "./fixture.ts";

/**
 * What is removed before V8 sees the file: lines must be those of the source.
 */
interface Removed {
  readonly line: number;
}

traced("lines are those of the TypeScript source", (heap, tracemalloc) => {
  const removed: Removed = { line: 0 };
  const block = heap.mem.malloc(10 + removed.line);
  const [file, line] = here(-1);
  const frame = tracemalloc.getObjectTraceback(block)!.at(0)!;
  assertEquals([frame.filename, frame.lineno], [file, line]);
  const source = Deno.readTextFileSync(frame.filename).split("\n");
  assert(/const block = heap\.mem\.malloc/.test(source[frame.lineno - 1]));
  heap.mem.free(block);
});

traced("functions of the library are left out", (heap, tracemalloc) => {
  install(heap, false);
  try {
    const blocks = [
      heap.mem.new(i32, 5),
      PyMem_Malloc(5),
      [0].map(() => heap.obj.malloc(5))[0],
      heap.raw.calloc(1, 5),
    ];
    for (const block of blocks) {
      const frame = tracemalloc.getObjectTraceback(block)!.at(-1)!;
      assert(frame.filename.endsWith("stack_test.ts"), String(frame));
    }
    PyMem_Free(blocks[0] as never);
    PyMem_Free(blocks[1] as never);
    heap.obj.free(blocks[2] as never);
    heap.raw.free(blocks[3] as never);
  } finally {
    uninstall();
  }
});

traced("names of functions are known", (heap, tracemalloc) => {
  tracemalloc.stop();
  tracemalloc.start(3);
  class Maker {
    make(): number {
      return heap.mem.malloc(1);
    }
  }
  function outer(): number {
    const block = new Maker().make();
    return block;
  }
  const block = outer();
  const names = tracemalloc.getObjectTraceback(block)!.slice()
    .map(({ name }) => name);
  assertEquals(names.slice(1), ["outer", "make"]);
  heap.mem.free(block as never);
});

/** Calls a function from so deep. */
function from<T>(depth: number, run: () => T): T {
  if (depth === 0) return run();
  const result = from(depth - 1, run);
  return result;
}

Deno.test("capture() keeps as many frames as asked for", () => {
  for (const nframe of [1, 2, 5, 10, 200]) {
    const { places } = from(50, () => capture(nframe, capture));
    assertEquals(places.length, Math.min(nframe, places.length));
    assert(places.length >= Math.min(nframe, 50), `${nframe} frames`);
    const keys = from(50, () => [capture(nframe, 0).key]);
    assert(keys[0].includes("stack_test.ts"));
  }
});

Deno.test("two stacks have one key if and only if they are equal", () => {
  const keys = [1, 2].map((n) => from(n, () => capture(9, capture).key));
  assert(keys[0] !== keys[1]);
  const same = [1, 1].map((n) => from(n, () => capture(9, capture).key));
  assertEquals(same[0], same[1]);
});

type Prepare = { prepareStackTrace?: unknown; stackTraceLimit: number };

Deno.test("what a program has set of Error stays as it was", () => {
  const V8 = Error as Prepare;
  const { stackTraceLimit } = V8;
  const before = Object.hasOwn(V8, "prepareStackTrace");
  capture(3, capture);
  assertEquals(V8.stackTraceLimit, stackTraceLimit);
  assertEquals(Object.hasOwn(V8, "prepareStackTrace"), before);
  let calls = 0;
  const mine = () => `call ${++calls}`;
  V8.prepareStackTrace = mine;
  V8.stackTraceLimit = 0;
  try {
    const { places } = capture(1, capture);
    assert(places[0].filename.endsWith("stack_test.ts"));
    assertEquals(V8.prepareStackTrace, mine);
    assertEquals(V8.stackTraceLimit, 0);
    assertEquals(calls, 0);
  } finally {
    delete V8.prepareStackTrace;
    V8.stackTraceLimit = stackTraceLimit;
  }
});

Deno.test("without captureStackTrace() the stack is <unknown>:0", () => {
  const { captureStackTrace } = Error;
  try {
    delete (Error as { captureStackTrace?: unknown }).captureStackTrace;
    assertEquals(capture(3, capture).places, [
      { filename: "<unknown>", lineno: 0, name: "" },
    ]);
  } finally {
    Error.captureStackTrace = captureStackTrace;
  }
});

traced("a stack that runs out leaves heap and traces whole", (heap, it) => {
  const blocks: number[] = [];
  const allocate = () => heap.mem.malloc(32);
  const before = heap.threads.id;
  function dive(): void {
    blocks.push(allocate());
    dive();
  }
  let error: unknown;
  try {
    dive();
  } catch (thrown) {
    error = thrown;
  }
  assert(/stack/.test(String(error)), String(error));
  assertEquals(new Set(blocks).size, blocks.length);
  for (const block of blocks) heap.mem.free(block as never);
  const [current] = it.getTracedMemory();
  // The one that was on its way out may be lost.
  assert(current <= 32, `${current} bytes are traced`);
  const { blocks: [, mem] } = heap.check();
  assert(mem <= 1, `${mem} blocks are left`);
  // The stack ran out inside the heap: the worker is another one.
  assert(heap.threads.id !== before, "the stack ran out elsewhere");
  const last = allocate();
  const workers = [...it.takeSnapshot().traces].map(({ worker }) => worker);
  assertEquals(workers.at(-1), heap.threads.id);
  heap.mem.free(last);
  it.stop();
  return heap.check().blocks.reduce((sum, n) => sum + n, 0);
});
