/** `PyMutex` in memory of the heap, alone and between workers. */

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  checkHeap,
  FatalError,
  PointerError,
  ThreadStateError,
} from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { FIRST_FREE, Fleet, signal, waitUntil } from "../helpers/workers.ts";
import { detached, MAX_BYTES, withRuntime } from "./fixture.ts";

const WORKER = new URL("./capi_worker.ts", import.meta.url);
const HAS_IT = FIRST_FREE;
const GO_ON = FIRST_FREE + 1;

const Shared = C.struct({ mutex: C.PyMutex, counter: C.i32 });
const CALLS = [C.PyMutex_Lock, C.PyMutex_Unlock, C.PyMutex_IsLocked];

/** A zeroed block for a mutex and what it protects. Byte address. */
function shared(): number {
  return C.PyMem_RawCalloc(1, Shared.size);
}

describe("PyMutex", () => {
  it("is four bytes, and zero bytes are an unlocked one", () => {
    assertEquals([C.PyMutex.size, C.PyMutex.align], [4, 4]);
    withRuntime(() => {
      const mutex = shared();
      assertEquals(C.PyMutex_IsLocked(mutex), 0);
      C.PyMutex_Lock(mutex);
      assertEquals(C.PyMutex_IsLocked(mutex), 1);
      assertEquals(C.PyMutex_IsLocked(mutex + 4), 0);
      C.PyMutex_Unlock(mutex);
      assertEquals(C.PyMutex_IsLocked(mutex), 0);
    });
  });

  it("may be used detached", () => {
    withRuntime((heap) => {
      detached(heap, () => {
        const mutex = shared();
        C.PyMutex_Lock(mutex);
        C.PyMutex_Unlock(mutex);
        C.PyMem_RawFree(mutex as C.RawPtr);
      });
    });
  });

  it("may stand in a block of any domain and size", () => {
    withRuntime(() => {
      for (const size of [1, 512, 4000, 40000, 1000000]) {
        const blocks: number[] = [
          C.PyMem_RawCalloc(1, size),
          C.PyMem_Calloc(1, size),
          C.PyObject_Calloc(1, size),
        ];
        for (const block of blocks) {
          const mutex = block + (size >> 3 << 2);
          C.PyMutex_Lock(mutex);
          C.PyMutex_Unlock(mutex);
        }
      }
    });
  });

  it("is refused where none can be", () => {
    withRuntime((heap) => {
      const mutex = shared();
      const end = heap.buffer.byteLength;
      const wrong: [number, string][] = [
        [0, "it is outside the heap"],
        [4, "it belongs to the heap's own tables"],
        [mutex + 1, "not a multiple of 4"],
        [mutex + 2, "not a multiple of 4"],
        [mutex + 0.5, "it is no address"],
        [end - 4, "its page is free"],
        [end, "it is outside the heap"],
        [mutex + 2 ** 32, "it is outside the heap"],
        [-4, "it is outside the heap"],
        [NaN, "it is no address"],
      ];
      for (const [address, says] of wrong) {
        for (const call of CALLS) {
          const error = assertThrows(() => call(address), PointerError, says);
          assertEquals(error.message.startsWith("Cannot "), true);
        }
      }
      for (const value of ["4096", null, undefined, 8n, {}, Symbol("m")]) {
        for (const call of CALLS) {
          // The compiler would not let it through; JavaScript does.
          assertThrows(() => call(value as number), TypeError, "Cannot ");
        }
      }
    });
  });

  it("needs a runtime, and an open heap", () => {
    for (const call of CALLS) {
      assertThrows(() => call(4096), ThreadStateError, "no runtime");
    }
    withRuntime((heap) => {
      const mutex = shared();
      heap.close();
      for (const call of CALLS) {
        assertThrows(() => call(mutex), ThreadStateError, "is closed");
      }
    });
  });

  it("that is not locked cannot be unlocked", () => {
    C.Py_Initialize({ maxBytes: MAX_BYTES });
    const mutex = shared();
    const error = assertThrows(() => C.PyMutex_Unlock(mutex), FatalError);
    assertEquals(error.message, "unlocking mutex that is not locked");
    C.Py_FinalizeEx();
  });
});

for (const build of BUILDS) {
  describe(`PyMutex between workers (${build})`, () => {
    it({
      name: "keeps a worker waiting, detached, until it is unlocked",
      timeout: 60000,
      async fn() {
        const heap = C.Py_Initialize({ build, maxBytes: MAX_BYTES });
        const mutex = shared();
        const save = C.PyEval_SaveThread();
        await using fleet = await Fleet.start(WORKER, 1);
        await fleet.ask(0, "join", { handle: heap.handle });
        const order = { mutex, tell: HAS_IT, until: GO_ON };
        const held = fleet.ask<number>(0, "hold", order);
        waitUntil(fleet.control, HAS_IT, 1);
        assertEquals(C.PyMutex_IsLocked(mutex), 1);
        // Under the GIL it is the worker that has it now.
        signal(fleet.control, GO_ON, 1);
        C.PyMutex_Lock(mutex);
        assertEquals(await held, 1, "the worker is attached as before");
        C.PyMutex_Unlock(mutex);
        assertEquals(await fleet.ask(0, "leave", {}), 0);
        C.PyEval_RestoreThread(save);
        assertEquals(checkHeap(heap).findings, []);
        C.Py_FinalizeEx();
      },
    });

    it({
      name: "lets an attached thread wait without holding up the others",
      timeout: 60000,
      async fn() {
        const heap = C.Py_Initialize({ build, maxBytes: MAX_BYTES });
        const mutex = shared();
        await using fleet = await Fleet.start(WORKER, 1);
        const save = C.PyEval_SaveThread();
        await fleet.ask(0, "join", { handle: heap.handle });
        C.PyEval_RestoreThread(save);
        C.PyMutex_Lock(mutex);
        const order = { mutex, tell: HAS_IT, until: GO_ON };
        const held = fleet.ask<number>(0, "hold", order);
        signal(fleet.control, GO_ON, 1);
        // Detached for once, so that the worker comes as far as the mutex.
        detached(heap, () => waitUntil(heap.i32, mutex >>> 2, parked(heap)));
        C.PyMutex_Unlock(mutex);
        C.PyMutex_Lock(mutex);
        assertEquals(C.PyGILState_Check(), 1);
        C.PyMutex_Unlock(mutex);
        detached(heap, () => waitUntil(fleet.control, HAS_IT, 1));
        const end = C.PyEval_SaveThread();
        assertEquals(await held, 1);
        await fleet.ask(0, "leave", {});
        C.PyEval_RestoreThread(end);
        C.Py_FinalizeEx();
      },
    });

    it({
      name: "excludes them from each other",
      timeout: 60000,
      async fn() {
        const heap = C.Py_Initialize({ build, maxBytes: MAX_BYTES });
        const mutex = shared();
        const counter = mutex + Shared.offsets.counter;
        const save = C.PyEval_SaveThread();
        await using fleet = await Fleet.start(WORKER, 2);
        await fleet.askAll("join", () => ({ handle: heap.handle }));
        const order = { mutex, counter, rounds: 3000 };
        await fleet.askAll("count", () => order, 40000);
        await fleet.askAll("leave", () => ({}));
        C.PyEval_RestoreThread(save);
        assertEquals(heap.i32[counter >>> 2], 6000);
        assertEquals(C.PyMutex_IsLocked(mutex), 0);
        assertEquals(checkHeap(heap).findings, []);
        C.Py_FinalizeEx();
      },
    });
  });
}

/** The word of a mutex that this worker has and another one waits for. */
function parked(heap: C.Heap): number {
  return heap.core.m.owner << 5 | 3;
}
