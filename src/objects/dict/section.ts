/**
 * What every function that changes a dict begins with: the dict to itself.
 *
 * ## Threads
 *   A section with the mutex of the dict; in the GIL build nothing. A dict
 *   that another thread than its owner begins a section with is shared from
 *   then on. Who begins a section mends what a worker has left that stopped in
 *   one, see `sharing/dict_keys.ts`.
 *
 * Source: CPython 3.14 Objects/dictobject.c: ensure_shared_on_read(),
 * ensure_shared_on_resize().
 *
 * @module
 */

import * as PyObject from "../../layout/object_free_threaded.ts";
import type { Address } from "../../memory/mod.ts";
import { CriticalSection } from "../../threads/mod.ts";
import type { Objects } from "../objects.ts";
import { DictKeys, References } from "../sharing/mod.ts";

/** Begins a section with a dict. Returns its fields. Word index. */
export function begin(o: Objects, op: Address): number {
  const dict = o.fields(op);
  if (o.isBiased) {
    CriticalSection.begin(o.m, (op >>> 2) + PyObject.X_OB_MUTEX);
    if (!References.isOwned(o.m, op)) DictKeys.share(o.m, dict);
  }
  if (DictKeys.isTorn(o.m, dict)) DictKeys.settle(o.m, dict);
  return dict;
}

/** Ends it. */
export function end(o: Objects): void {
  if (o.isBiased) CriticalSection.end(o.m);
}
