/**
 * Fatal errors across workers: the heap is marked, the first verdict stands,
 * and whoever comes later throws with it. And hooks across workers: who joins a
 * heap that has them has them, too.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, createHeap, FatalError } from "../../mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as VerdictWords from "../../src/layout/verdict.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { Fatal } from "../../src/sync/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { fatalOf, MAX_BYTES } from "./debug_heap.ts";

Deno.test("Fatal: the verdict of another worker", () => {
  for (const build of BUILDS) {
    using heap = createHeap({ build, malloc: "debug", maxBytes: MAX_BYTES });
    heap.threads.detach();
    const other = attach(heap.handle);
    const p = other.mem.malloc(16);
    other.u8[p + 16] = 0x78;
    fatalOf(() => other.mem.free(p));
    other.threads.detach();
    const error = assertThrows(() => heap.threads.attach(), FatalError);
    assertEquals(
      error.message,
      `Cannot go on: thread ${other.threads.slot} reported a fatal error: ` +
        "_PyMem_DebugRawFree: bad trailing pad byte",
    );
    assertEquals(error.report, "");
    if (heap.threads.state === "attached") heap.threads.detach();
    other.close(); // who has thrown can still close
  }
});

Deno.test("Fatal: who is attached stops at its next safe point", () => {
  using heap = createHeap({ malloc: "debug", maxBytes: MAX_BYTES });
  heap.threads.detach();
  const other = attach(heap.handle);
  Fatal.judge(heap.core.m, "it is broken");
  Fatal.poison(heap.core.m);
  assertThrows(() => other.threads.safePoint(), FatalError, "it is broken");
  other.close();
});

Deno.test("Fatal: who only allocates stops off the fast path", () => {
  using heap = createHeap({ malloc: "debug", maxBytes: MAX_BYTES });
  heap.threads.detach();
  const other = attach(heap.handle);
  Fatal.judge(heap.core.m, "it is broken");
  Fatal.poison(heap.core.m);
  assertThrows(() => other.mem.malloc(10), FatalError, "it is broken");
  other.close();
});

Deno.test("Fatal: the first verdict stands", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const { m } = heap.core;
  assertEquals(Fatal.verdict(m), "");
  assert(!Fatal.isOwn(m));
  assertThrows(() => Fatal.fatal(m, "the first: ü"), FatalError, "the first");
  assertThrows(() => Fatal.fatal(m, "the second"), FatalError, "the second");
  assertEquals(Fatal.verdict(m), "the first: ü");
  assert(Fatal.isOwn(m));
});

Deno.test("Fatal: a verdict as long as its room, to whole characters", () => {
  for (const [text, kept] of [["x".repeat(600), 504], ["€".repeat(300), 168]]) {
    using heap = createHeap({ maxBytes: MAX_BYTES });
    const { m } = heap.core;
    Fatal.judge(m, text as string);
    assertEquals(Fatal.verdict(m), (text as string).slice(0, kept as number));
    const end = Layout.VERDICT + VerdictWords.SIZEOF;
    assertEquals(m.i32[end], 0, "a word behind the record");
  }
});

Deno.test("Fatal: a worker that died over its verdict leaves none", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const { m } = heap.core;
  m.i32[Layout.VERDICT + VerdictWords.X_OWNER] = 0x103;
  assertThrows(() => Fatal.fatal(m, "mine"), FatalError, "mine");
  const error = assertThrows(() => Fatal.check(m), FatalError);
  assertEquals(
    error.message,
    "Cannot go on: another worker reported a fatal error",
  );
});

Deno.test("hooks: a worker that joins has them", () => {
  for (const build of BUILDS) {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    assert(!Debug.isEnabled(heap.core.m));
    Debug.setUp(heap.core);
    Debug.setUp(heap.core); // once is enough
    assertEquals(Debug.isOnBase(heap.core, 0), true);
    const p = heap.mem.malloc(20);
    heap.threads.detach();
    const other = attach(heap.handle);
    for (const domain of [0, 1, 2]) {
      assertEquals(Debug.isOnBase(other.core, domain), true);
    }
    other.mem.free(p);
    other.close();
    heap.threads.attach();
  }
});

Deno.test("hooks: a worker that is there already follows", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  heap.threads.detach();
  const other = attach(heap.handle);
  Debug.setUp(heap.core);
  assertEquals(Debug.isOnBase(other.core, 1), false);
  other.threads.safePoint();
  assertEquals(Debug.isOnBase(other.core, 1), true);
  other.close();
});
