/**
 * `pyport.h`: what C programs take for granted.
 *
 * Source: CPython 3.14 Include/pyport.h.
 *
 * @module
 */

import { Requests } from "../domains/mod.ts";

/**
 * The pointer to nothing: 0, an address that no block has. C: `<stddef.h>`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyMem_Malloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * assert.equal(PyMem_Malloc(17 * 1024 * 1024), NULL);
 * Py_FinalizeEx();
 * ```
 */
export const NULL = 0;

/**
 * Largest request, 2^53 − 1. Bytes.
 *
 * In C it is 2^63 − 1; here sizes are numbers of JavaScript, and this is the
 * largest one that is exact.
 */
export const PY_SSIZE_T_MAX: number = Requests.PY_SSIZE_T_MAX;
