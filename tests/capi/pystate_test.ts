/** Thread states in the C face: `pystate.h`, `ceval.h`, `pylifecycle.h`. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createHeap, type Heap, ThreadStateError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { detached, MAX_BYTES, withRuntime } from "./fixture.ts";

const NO_RUNTIME = "this worker has no runtime; call Py_Initialize() first";

describe("Py_Initialize()", () => {
  it("makes a heap, which Py_FinalizeEx() closes", () => {
    assertEquals(C.Py_IsInitialized(), 0);
    const heap = C.Py_Initialize({ build: "gil", maxBytes: MAX_BYTES });
    assertEquals([heap.build, heap.threads.state], ["gil", "attached"]);
    assertEquals(C.Py_IsInitialized(), 1);
    assertEquals(C.Py_FinalizeEx(), 0);
    assert(heap.isClosed);
    assertEquals(C.Py_IsInitialized(), 0);
  });

  it("takes a heap, which Py_Finalize() leaves open and as it is", () => {
    using heap = createHeap({ maxBytes: MAX_BYTES });
    heap.threads.detach();
    assertEquals(C.Py_Initialize(heap), heap);
    assertEquals(C.PyGILState_Check(), 0);
    C.Py_Finalize();
    assertEquals([heap.isClosed, heap.threads.state], [false, "detached"]);
  });

  it("joins a heap by its handle", () => {
    using heap = createHeap({ build: "gil", maxBytes: MAX_BYTES });
    heap.threads.detach();
    const joined = C.Py_Initialize(heap.handle);
    assert(joined.buffer === heap.buffer && joined !== heap);
    assertEquals(C.PyGILState_Check(), 1);
    C.Py_FinalizeEx();
    assert(joined.isClosed && !heap.isClosed);
  });

  it("does nothing the second time, unless it is for another heap", () => {
    withRuntime((heap) => {
      assertEquals(C.Py_Initialize(), heap);
      assertEquals(C.Py_Initialize(heap), heap);
      assertEquals(C.Py_Initialize(heap.handle), heap);
      detached(heap, () => assertEquals(C.Py_Initialize(), heap));
      for (const source of [{}, { maxBytes: MAX_BYTES }]) {
        const call = () => C.Py_Initialize(source);
        assertThrows(call, ThreadStateError, "has another heap");
      }
    });
  });

  it("replaces a heap that was closed, and refuses one", () => {
    withRuntime((heap) => {
      heap.close();
      assertEquals(C.Py_IsInitialized(), 0);
      assertThrows(() => C.Py_Initialize(heap), ThreadStateError, "is closed");
      const another = C.Py_Initialize({ maxBytes: MAX_BYTES });
      assertEquals(C.PyInterpreterState_Get(), another);
    });
  });

  it("refuses what is no source, and is not initialised then", () => {
    const sources: unknown[] = [null, 5, "heap", 5n, { obmalloc: "heap" }];
    for (const source of sources) {
      const call = () => C.Py_Initialize(source as Heap);
      assertThrows(call, TypeError, "Cannot ");
    }
    assertThrows(() => C.Py_Initialize({ maxBytes: 5 }), RangeError);
    assertEquals(C.Py_IsInitialized(), 0);
  });

  it("may be ended when there is nothing to end", () => {
    assertEquals(C.Py_FinalizeEx(), 0);
    C.Py_Finalize();
  });
});

describe("PyThreadState", () => {
  it("is one for each worker and leads to the heap", () => {
    withRuntime((heap) => {
      const tstate = C.PyThreadState_Get();
      assertEquals(tstate.interp, heap);
      assertEquals(C.PyThreadState_GetInterpreter(tstate), heap);
      assertEquals(C.PyInterpreterState_Get(), heap);
      assert(C.PyThreadState_Get() === tstate);
      assert(C.PyThreadState_GetUnchecked() === tstate);
      assert(C.PyGILState_GetThisThreadState() === tstate);
    });
  });

  it("is current only while it is attached", () => {
    withRuntime((heap) => {
      const tstate = C.PyThreadState_Get();
      detached(heap, () => {
        assertEquals(C.PyThreadState_GetUnchecked(), null);
        assertEquals(C.PyGILState_Check(), 0);
        assert(C.PyGILState_GetThisThreadState() === tstate);
      });
      assertEquals(C.PyGILState_Check(), 1);
    });
    assertEquals(C.PyThreadState_GetUnchecked(), null);
    assertEquals(C.PyGILState_GetThisThreadState(), null);
    assertEquals(C.PyGILState_Check(), 0);
  });

  it("is swapped with null and back", () => {
    withRuntime((heap) => {
      const tstate = C.PyThreadState_Get();
      assert(C.PyThreadState_Swap(tstate) === tstate);
      assert(C.PyThreadState_Swap(null) === tstate);
      assertEquals(heap.threads.state, "detached");
      assertEquals(C.PyThreadState_Swap(null), null);
      assertEquals(C.PyThreadState_Swap(tstate), null);
      assertEquals(heap.threads.state, "attached");
    });
  });

  const texts = {
    "gil": "the function must be called with the GIL held, after Python " +
      "initialization and before Python finalization, but the GIL is " +
      "released (the current Python thread state is NULL)",
    "free-threaded": "the function must be called with an active thread " +
      "state, after Python initialization and before Python finalization, " +
      "but it was called without an active thread state. Are you trying to " +
      "call the C API inside of a Py_BEGIN_ALLOW_THREADS block?",
  };
  for (const build of BUILDS) {
    it(`has the text of C if there is none (${build})`, () => {
      withRuntime((heap) => {
        detached(heap, () => {
          for (
            const call of [
              C.PyThreadState_Get,
              C.PyInterpreterState_Get,
              C.PyEval_SaveThread,
            ]
          ) {
            const error = assertThrows(call, ThreadStateError);
            assertEquals(error.message, `${call.name}: ${texts[build]}`);
          }
        });
      }, build);
    });
  }

  it("of another runtime or of nobody is refused", () => {
    withRuntime(() => {});
    const heap = C.Py_Initialize({ maxBytes: MAX_BYTES });
    const old = C.PyThreadState_Get();
    C.Py_FinalizeEx();
    assert(heap.isClosed);
    withRuntime((heap) => {
      detached(heap, () => {
        for (const tstate of [old, undefined, 0, heap]) {
          for (
            const call of [
              C.PyThreadState_Swap,
              C.PyEval_RestoreThread,
              C.PyEval_AcquireThread,
              C.Py_END_ALLOW_THREADS,
            ]
          ) {
            assertThrows(
              () => call(tstate as C.PyThreadState),
              ThreadStateError,
              "not the thread state of this worker",
            );
          }
        }
      });
    });
  });
});

describe("PyGILState", () => {
  for (const build of BUILDS) {
    it(`is ensured whatever it is, and put back (${build})`, () => {
      withRuntime((heap) => {
        const outer = C.PyGILState_Ensure();
        assertEquals(outer, C.PyGILState_LOCKED);
        C.PyGILState_Release(outer);
        assertEquals(heap.threads.state, "attached");
        const save = C.PyEval_SaveThread();
        const first = C.PyGILState_Ensure();
        const second = C.PyGILState_Ensure();
        assertEquals([first, second], [1, 0]);
        C.PyGILState_Release(second);
        assertEquals(C.PyGILState_Check(), 1);
        C.PyGILState_Release(first);
        assertEquals(C.PyGILState_Check(), 0);
        C.PyEval_RestoreThread(save);
      }, build);
    });
  }

  it("cannot be released more often than ensured", () => {
    withRuntime(() => {
      const call = () => C.PyGILState_Release(C.PyGILState_LOCKED);
      assertThrows(call, ThreadStateError, "PyGILState_Ensure()");
      C.PyGILState_Ensure();
      call();
      assertThrows(call, ThreadStateError, "PyGILState_Ensure()");
    });
  });

  it("cannot be released while it is not attached", () => {
    withRuntime((heap) => {
      const state = C.PyGILState_Ensure();
      detached(heap, () => {
        const call = () => C.PyGILState_Release(state);
        assertThrows(call, ThreadStateError, "PyGILState_Release: ");
      });
      C.PyGILState_Release(state);
    });
  });

  it("takes back only what it gave", () => {
    withRuntime(() => {
      const state = C.PyGILState_Ensure();
      for (const oldstate of [2, -1, undefined, "0"]) {
        const call = () => C.PyGILState_Release(oldstate as typeof state);
        assertThrows(call, TypeError, "PyGILState_Ensure()");
      }
      C.PyGILState_Release(state);
    });
  });

  it("needs a runtime", () => {
    assertThrows(C.PyGILState_Ensure, ThreadStateError, NO_RUNTIME);
    const call = () => C.PyGILState_Release(C.PyGILState_LOCKED);
    assertThrows(call, ThreadStateError, NO_RUNTIME);
  });
});

describe("PyEval", () => {
  for (const build of BUILDS) {
    it(`detaches and attaches (${build})`, () => {
      withRuntime((heap) => {
        const tstate = C.PyEval_SaveThread();
        assertEquals(heap.threads.state, "detached");
        C.PyEval_RestoreThread(tstate);
        assertEquals(heap.threads.state, "attached");
        C.PyEval_ReleaseThread(tstate);
        assertEquals(heap.threads.state, "detached");
        C.PyEval_AcquireThread(tstate);
        assertEquals(heap.threads.state, "attached");
      }, build);
    });
  }

  it("opens, interrupts and closes a block that allows threads", () => {
    withRuntime((heap) => {
      let _save = C.Py_BEGIN_ALLOW_THREADS();
      assertEquals(heap.threads.state, "detached");
      C.Py_BLOCK_THREADS(_save);
      C.PyMem_Free(C.PyMem_Malloc(10));
      _save = C.Py_UNBLOCK_THREADS();
      assertEquals(heap.threads.state, "detached");
      C.Py_END_ALLOW_THREADS(_save);
      assertEquals(heap.threads.state, "attached");
    });
  });

  it("does not attach twice, nor detach twice", () => {
    withRuntime(() => {
      const tstate = C.PyThreadState_Get();
      for (const call of [C.PyEval_RestoreThread, C.PyEval_AcquireThread]) {
        assertThrows(() => call(tstate), ThreadStateError, "attached already");
      }
      C.PyEval_SaveThread();
      for (const call of [C.PyEval_SaveThread, C.Py_BEGIN_ALLOW_THREADS]) {
        assertThrows(call, ThreadStateError, "PyEval_SaveThread: ");
      }
      assertThrows(
        () => C.PyEval_ReleaseThread(tstate),
        ThreadStateError,
        "PyEval_ReleaseThread: the function must be called",
      );
      C.PyEval_RestoreThread(tstate);
    });
  });

  it("releases only the thread state that is attached", () => {
    withRuntime((heap) => {
      const call = () => C.PyEval_ReleaseThread({ interp: heap });
      const error = assertThrows(call, ThreadStateError);
      assertEquals(error.message, "PyEval_ReleaseThread: wrong thread state");
      assertEquals(heap.threads.state, "attached");
    });
  });

  it("needs a runtime", () => {
    for (
      const call of [
        C.PyThreadState_Get,
        C.PyInterpreterState_Get,
        C.PyEval_SaveThread,
        C.Py_UNBLOCK_THREADS,
      ]
    ) assertThrows(call, ThreadStateError, NO_RUNTIME);
  });
});
