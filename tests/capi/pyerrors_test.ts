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
  PyErr_SetNone,
  PyErr_SetObject,
  PyErr_SetRaisedException,
  PyErr_SetString,
  PyExc_MemoryError,
  PyMem_Malloc,
} from "../../src/capi/mod.ts";
import * as C from "../../src/capi/mod.ts";
import { assertRaised, detached, MAX_BYTES, withRuntime } from "./fixture.ts";

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

  it("holds nothing but an Error", () => {
    withRuntime(() => {
      for (const exc of [undefined, 0, "MemoryError", { message: "" }]) {
        assertThrows(
          () => PyErr_SetRaisedException(exc as Error),
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

describe("Exceptions", () => {
  it("are set with a text, without, and with an object", () => {
    withRuntime(() => {
      PyErr_SetString(C.PyExc_ValueError, "too much");
      assertRaised(0, 0, C.PyExc_ValueError, "too much");
      PyErr_SetNone(C.PyExc_RuntimeError);
      assertRaised(0, 0, C.PyExc_RuntimeError, "");
      PyErr_SetObject(C.PyExc_KeyError, C.Py_None());
      assertRaised(0, 0, C.PyExc_KeyError, "None");
      C.PyErr_BadInternalCall();
      const text = "bad argument to internal function";
      assertRaised(0, 0, C.PyExc_SystemError, text);
      const result = C.PyErr_BadArgument();
      const argument = "bad argument type for built-in operation";
      assertRaised(result, NULL, C.PyExc_TypeError, argument);
    });
  });

  it("match their class and those that it is derived from", () => {
    const chains = [
      [C.PyExc_IndexError, C.PyExc_LookupError, C.PyExc_Exception],
      [C.PyExc_KeyError, C.PyExc_LookupError, C.PyExc_BaseException],
      [C.PyExc_OverflowError, C.PyExc_ArithmeticError],
      [C.PyExc_ZeroDivisionError, C.PyExc_ArithmeticError],
      [C.PyExc_RecursionError, C.PyExc_RuntimeError],
      [C.PyExc_NotImplementedError, C.PyExc_RuntimeError],
      [C.PyExc_UnicodeError, C.PyExc_ValueError],
      [C.PyExc_ReferenceError],
      [C.PyExc_SystemError],
      [C.PyExc_TypeError],
      [C.PyExc_MemoryError],
    ];
    withRuntime(() => {
      for (const chain of chains) {
        PyErr_SetNone(chain[0]);
        for (const exc of chain) {
          assertEquals(PyErr_ExceptionMatches(exc), 1);
          assertEquals(C.PyErr_GivenExceptionMatches(chain[0], exc), 1);
        }
        const others = chains.filter((other) => other !== chain)
          .map((other) => other[0]);
        for (const exc of others) {
          assertEquals(PyErr_ExceptionMatches(exc), 0);
          assertEquals(C.PyErr_GivenExceptionMatches(chain[0], exc), 0);
        }
        const exc = PyErr_GetRaisedException();
        assertEquals(C.PyErr_GivenExceptionMatches(exc, chain[0]), 1);
      }
      assertEquals(C.PyErr_GivenExceptionMatches(null, C.PyExc_Exception), 0);
    });
  });
});

describe("Py_FatalError()", () => {
  it("throws with the text, runtime or not", () => {
    assertThrows(() => Py_FatalError("lost"), FatalError, "lost");
    Py_Initialize({ maxBytes: MAX_BYTES });
    assertThrows(() => Py_FatalError("lost"), FatalError, "lost");
    Py_FinalizeEx();
  });
});
