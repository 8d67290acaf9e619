/**
 * Drops a reference while the object's owner is attached and busy.
 *
 * @module
 */

import type { HeapHandle } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { FIRST_FREE, serve, signal, waitUntil } from "../helpers/workers.ts";

serve<{ readonly handle: HeapHandle; readonly op: number }>({
  drop({ handle, op }, control): void {
    C.Py_Initialize(handle);
    waitUntil(control, FIRST_FREE, 1);
    C.Py_DECREF(op);
    C.PyInterpreterState_Get().threads.detach();
    signal(control, FIRST_FREE + 1, 1);
    waitUntil(control, FIRST_FREE + 2, 1);
    C.Py_FinalizeEx();
  },
});
