/** The error indicator. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FatalError, MemoryError, ThreadStateError } from "../../mod.ts";
import {
  NULL,
  Py_FatalError,
  Py_FinalizeEx,
  Py_Initialize,
  PyErr_Clear,
  PyErr_ExceptionMatches,
  PyErr_GetRaisedException,
  PyErr_NoMemory,
  PyErr_Occurred,
  PyErr_SetRaisedException,
  PyExc_MemoryError,
  PyMem_Malloc,
} from "../../src/capi/mod.ts";
import { detached, MAX_BYTES, withRuntime } from "./fixture.ts";

const FUNCTIONS: readonly [string, () => unknown][] = [
  ["PyErr_Occurred", PyErr_Occurred],
  ["PyErr_Clear", PyErr_Clear],
  ["PyErr_GetRaisedException", PyErr_GetRaisedException],
  ["PyErr_SetRaisedException", () => PyErr_SetRaisedException(null)],
  [
    "PyErr_ExceptionMatches",
    () => PyErr_ExceptionMatches(PyExc_MemoryError),
  ],
  ["PyErr_NoMemory", PyErr_NoMemory],
];

describe("The error indicator", () => {
  it("is clear at first, and after functions that give NULL", () => {
    withRuntime(() => {
      assertEquals(PyErr_Occurred(), null);
      assertEquals(PyMem_Malloc(2 ** 40), NULL);
      assertEquals(PyErr_Occurred(), null);
      assertEquals(PyErr_GetRaisedException(), null);
      assertEquals(PyErr_ExceptionMatches(PyExc_MemoryError), 0);
    });
  });

  it("is set by PyErr_NoMemory(), which returns NULL", () => {
    withRuntime(() => {
      assertEquals(PyErr_NoMemory(), NULL);
      assertEquals(PyErr_Occurred(), PyExc_MemoryError);
      assertEquals(PyErr_ExceptionMatches(PyExc_MemoryError), 1);
    });
  });

  it("is cleared by PyErr_Clear()", () => {
    withRuntime(() => {
      PyErr_NoMemory();
      PyErr_Clear();
      assertEquals(PyErr_Occurred(), null);
      PyErr_Clear();
    });
  });

  it("is emptied by PyErr_GetRaisedException(), and can be put back", () => {
    withRuntime(() => {
      PyErr_NoMemory();
      const exc = PyErr_GetRaisedException();
      assert(exc instanceof MemoryError);
      assertEquals(PyErr_Occurred(), null);
      PyErr_NoMemory();
      PyErr_SetRaisedException(exc);
      assert(PyErr_GetRaisedException() === exc);
      PyErr_NoMemory();
      PyErr_SetRaisedException(null);
      assertEquals(PyErr_Occurred(), null);
    });
  });

  it("holds nothing but a MemoryError", () => {
    withRuntime(() => {
      for (const exc of [undefined, 0, "MemoryError", new Error("")]) {
        assertThrows(
          () => PyErr_SetRaisedException(exc as MemoryError),
          TypeError,
          "Cannot set the raised exception",
        );
      }
      assertEquals(PyErr_Occurred(), null);
    });
  });

  it("stays set while the thread state is detached", () => {
    withRuntime((heap) => {
      PyErr_NoMemory();
      detached(heap, () => {});
      assertEquals(PyErr_Occurred(), PyExc_MemoryError);
    });
  });

  it("ends with the runtime", () => {
    withRuntime(PyErr_NoMemory);
    withRuntime(() => assertEquals(PyErr_Occurred(), null));
  });

  for (const [name, call] of FUNCTIONS) {
    it(`needs an attached thread state (${name})`, () => {
      withRuntime((heap) => {
        const text = "without an attached thread state";
        detached(heap, () => assertThrows(call, ThreadStateError, text));
      });
      assertThrows(call, ThreadStateError, "this worker has no runtime");
    });
  }
});

describe("Py_FatalError()", () => {
  it("throws with the text, runtime or not", () => {
    assertThrows(() => Py_FatalError("lost"), FatalError, "lost");
    Py_Initialize({ maxBytes: MAX_BYTES });
    assertThrows(() => Py_FatalError("lost"), FatalError, "lost");
    Py_FinalizeEx();
  });
});
