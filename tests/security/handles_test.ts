/**
 * Handles from hostile hands: forged, stale, of other versions, of buffers
 * that are no heap, with traps for properties. Each must be refused with an
 * error of its own, and not one byte of any heap may change.
 *
 * Not here: addresses and sizes that are none (`tests/misuse`).
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, createHeap, HandleError, type HeapHandle } from "../../mod.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { attempt, hashOf, words } from "./support.ts";

/** A buffer of a heap, whose header words a case may change. */
function bufferOf(build: "gil" | "free-threaded"): SharedArrayBuffer {
  const heap = createHeap({ build, maxBytes: Layout.MIN_BYTES });
  heap.mem.malloc(100);
  const copy = new SharedArrayBuffer(heap.buffer.byteLength);
  heap.close();
  words(copy).set(words(heap.buffer));
  return copy;
}

function handleOf(buffer: unknown): HeapHandle {
  // The compiler would not let it through; a message does.
  return { obmalloc: "heap", version: 1, buffer } as HeapHandle;
}

/** Claims that attaching is refused and that the buffer stays as it was. */
function assertRefused(buffer: SharedArrayBuffer, what: string): string {
  const before = hashOf(buffer);
  const error = attempt(() => attach(handleOf(buffer)));
  assert(error instanceof HandleError, `${what}: ${error}`);
  assert(error.message.startsWith("Cannot attach"), error.message);
  assertEquals(hashOf(buffer), before, what);
  return error.message;
}

Deno.test("attach() refuses what is no handle", () => {
  const values: unknown[] = [
    undefined,
    null,
    0,
    1,
    "heap",
    true,
    10n,
    Symbol("heap"),
    () => 1,
    [],
    {},
    { obmalloc: "heap!" },
    { obmalloc: "heap" },
    { obmalloc: { toString: () => "heap" } },
    new SharedArrayBuffer(Layout.MIN_BYTES),
    Object.create(null),
  ];
  for (const value of values) {
    const error = attempt(() => attach(value as HeapHandle));
    assert(error instanceof HandleError, `${Deno.inspect(value)}: ${error}`);
  }
});

Deno.test("attach() refuses a handle whose buffer is none", () => {
  const buffers: unknown[] = [
    undefined,
    null,
    0,
    "buffer",
    {},
    new ArrayBuffer(Layout.MIN_BYTES),
    new Uint8Array(16),
    new Int32Array(new SharedArrayBuffer(Layout.MIN_BYTES)),
    { byteLength: Layout.MIN_BYTES, __proto__: SharedArrayBuffer.prototype },
    Object.create(SharedArrayBuffer.prototype),
    new Proxy(new SharedArrayBuffer(Layout.MIN_BYTES), {}),
  ];
  for (const buffer of buffers) {
    const error = attempt(() => attach(handleOf(buffer)));
    const what = Deno.inspect(buffer).slice(0, 60);
    assert(error instanceof HandleError, `${what}: ${error}`);
  }
});

Deno.test("attach() refuses buffers of sizes that no heap has", () => {
  const mib = Layout.ARENA_SIZE;
  const sizes = [0, 1, 100, 64 * 1024, mib, 3 * mib, 4 * mib - 1, 4 * mib + 1];
  for (const bytes of sizes) {
    assertRefused(new SharedArrayBuffer(bytes), `${bytes} bytes`);
  }
  assertRefused(new SharedArrayBuffer(4 * mib), "a buffer of zeros");
});

for (const build of BUILDS) {
  Deno.test(`attach() refuses a damaged header (${build})`, () => {
    const fields = [
      "MAGIC",
      "VERSION",
      "BUILD",
      "PAGES",
      "REMOTES",
      "X_READY",
    ] as const;
    for (const field of fields) {
      for (const value of [0, -1, 3, 0x7fffffff, -0x80000000]) {
        const buffer = bufferOf(build);
        if (words(buffer)[Header[field]] === value) continue;
        words(buffer)[Header[field]] = value;
        assertRefused(buffer, `${field} of ${value}`);
      }
    }
  });

  Deno.test(`attach() refuses a heap without its end (${build})`, () => {
    const whole = bufferOf(build);
    const longer = new SharedArrayBuffer(whole.byteLength + Layout.ARENA_SIZE);
    words(longer).set(words(whole));
    assertRefused(longer, "a heap in a longer buffer");
    const big = createHeap({ build, maxBytes: 2 * Layout.MIN_BYTES });
    const shorter = new SharedArrayBuffer(Layout.MIN_BYTES);
    words(shorter).set(words(big.buffer).subarray(0, Layout.MIN_BYTES / 4));
    big.close();
    assertRefused(shorter, "a heap in a shorter buffer");
  });

  Deno.test(`attach() names both versions (${build})`, () => {
    for (const version of [0, 2, 99, -1]) {
      const buffer = bufferOf(build);
      if (version === Header.VERSION_VALUE) continue;
      words(buffer)[Header.VERSION] = version;
      const text = assertRefused(buffer, `version ${version}`);
      assert(text.includes(`version ${version}`), text);
      assert(text.includes(`version ${Header.VERSION_VALUE}`), text);
    }
  });

  Deno.test(`attach() refuses a heap that is still being made (${build})`, () => {
    const buffer = bufferOf(build);
    words(buffer)[Header.X_READY] = 0;
    assertRefused(buffer, "X_READY is 0");
  });

  Deno.test(`a growable buffer is refused (${build})`, () => {
    const whole = bufferOf(build);
    const growable = new SharedArrayBuffer(whole.byteLength, {
      maxByteLength: 2 * whole.byteLength,
    });
    words(growable).set(words(whole));
    assertRefused(growable, "a growable buffer");
  });

  Deno.test(`properties with traps cannot change a heap (${build})`, () => {
    using heap = createHeap({ build, maxBytes: Layout.MIN_BYTES });
    const { handle } = heap;
    const trap = new Error("trap");
    const trapped = (name: string) =>
      Object.defineProperty({ ...handle }, name, {
        get() {
          throw trap;
        },
      });
    const before = hashOf(heap.buffer);
    for (const name of ["obmalloc", "buffer"]) {
      const error = attempt(() => attach(trapped(name)));
      assert(error === trap || error instanceof HandleError, `${error}`);
    }
    assertEquals(hashOf(heap.buffer), before);
  });

  Deno.test(`a getter that answers differently is asked once (${build})`, () => {
    using heap = createHeap({ build, maxBytes: Layout.MIN_BYTES });
    heap.threads.detach();
    let asked = 0;
    const handle = {
      obmalloc: "heap" as const,
      version: heap.handle.version,
      get buffer(): SharedArrayBuffer {
        return asked++ === 0 ? heap.buffer : new SharedArrayBuffer(16);
      },
    };
    const guest = attach(handle);
    assertEquals(asked, 1);
    assert(guest.buffer === heap.buffer);
    guest.close();
    heap.threads.attach();
  });

  Deno.test(`a handle outlives its thread state (${build})`, () => {
    const heap = createHeap({ build, maxBytes: Layout.MIN_BYTES });
    const { handle } = heap;
    const block = heap.raw.malloc(100);
    heap.close();
    using again = attach(handle);
    again.raw.free(block);
    assertEquals(again.check().blocks, [0, 0, 0]);
    assertThrows(() => heap.raw.malloc(1));
    assertThrows(() => heap.mem.malloc(1));
    assertThrows(() => heap.check());
  });
}
