/**
 * Bugs of the past in reference counts, reads without a lock and delayed frees,
 * planted again: CPython's, and those that were made here.
 *
 * @module
 */

import * as ListReads from "../models/list_reads.ts";
import * as MemDelayed from "../models/mem_delayed.ts";
import { references } from "../models/refcount.ts";
import { exits } from "../models/refcount_exits.ts";
import type { Planted } from "./history.ts";

const BIASED = "src/objects/refcount/biased.ts";
const BRC = "src/objects/refcount/brc.ts";
const DELAYED = "src/objects/sharing/delayed.ts";
const QSBR = "src/threads/qsbr.ts";

const TWO = references({ count: 2, extra: 1, hasOwn: true });
const THREE = references({ count: 3, extra: 1, hasOwn: true });
const NO_OWN = references({ count: 3, extra: 1, hasOwn: false });
const SHARED = references({
  count: 2,
  extra: 1,
  hasOwn: true,
  isShared: true,
});
const EACH = exits({ droppers: 2, hasOwn: false, end: "exits", isEach: true });
const POPPED = ListReads.reads(1, 2, ["pop"]);
const EXITS = exits({ droppers: 1, hasOwn: true, end: "exits" });
const MORE_EXITS = exits({ droppers: 2, hasOwn: false, end: "exits" });

/** Planted bugs. */
export const OBJECTS: readonly Planted[] = [
  {
    // _Py_ExplicitMergeRefcount() made the shared part the whole count, and
    // wrote ob_tid and ob_ref_local when the object might have died of it.
    name:
      "merge: the owner's part is cleared after all is published (gh-119999)",
    path: BIASED,
    edits: [
      [
        "((shared & ~FLAG_MASK) + (local << SHARED_SHIFT)) | MERGED",
        "((shared & ~FLAG_MASK) + (local << SHARED_SHIFT) - ONE) | MERGED",
      ],
      [
        "const before = Atomics.sub(i32, at + X_OB_REF_SHARED, ONE);",
        "const before = Atomics.load(i32, at + X_OB_REF_SHARED) + ONE;",
      ],
    ],
    models: [THREE, NO_OWN],
  },
  {
    // _Py_MergeZeroLocalRefcount(): ob_tid is 0 before others may take the
    // object for merged, and not afterwards.
    name: "merge: the owner leaves after others see MERGED (gh-121794)",
    path: BIASED,
    edits: [
      ["  i32[at + OB_TID] = 0;\n  while (true) {", "  while (true) {"],
      [
        "if (found === shared) return next === MERGED ? DEAD : ALIVE;\n    shared = found;\n  }\n}\n\n/**\n * Adds",
        "if (found === shared) { i32[at + OB_TID] = 0; return next === MERGED ? DEAD : ALIVE; }\n    shared = found;\n  }\n}\n\n/**\n * Adds",
      ],
    ],
    models: [SHARED],
  },
  {
    name: "merge: the queue's reference is not dropped",
    path: BIASED,
    edits: [[
      "const before = Atomics.sub(i32, at + X_OB_REF_SHARED, ONE);",
      "const before = Atomics.load(i32, at + X_OB_REF_SHARED);",
    ]],
    models: [TWO, THREE],
  },
  {
    name: "decref: what is queued is dropped as well",
    path: BIASED,
    edits: [["isFirst ? QUEUED :", "isFirst ? QUEUED - ONE :"]],
    models: [TWO, THREE],
  },
  {
    name: "try-incref: takes an object that died merged",
    path: BIASED,
    edits: [[
      "while (shared !== 0 && shared !== MERGED) {",
      "while (shared !== 0) {",
    ]],
    models: [POPPED],
  },
  {
    name: "try-incref: adds to what it has only looked at",
    path: BIASED,
    edits: [[
      `    const found = Atomics.compareExchange(
      i32,
      at + X_OB_REF_SHARED,
      shared,
      shared + ONE,
    );
    if (found === shared) return true;
    shared = found;
`,
      "    Atomics.add(i32, at + X_OB_REF_SHARED, ONE); return true;\n",
    ]],
    models: [POPPED],
  },
  {
    name: "try-incref: an object that changed its place is kept",
    path: "src/objects/sharing/references.ts",
    edits: [["return isThere ? op : -op;", "return op;"]],
    models: [POPPED, ListReads.reads(1, 1, ["grow", "pop"])],
  },
  {
    // Found by real workers: who exits has merged, and another one puts an
    // object into the queue before the slot is free.
    name: "queue: objects for an owner that is leaving stay there",
    path: BRC,
    edits: [
      ["while ((before & CLOSED) === 0) {", "while (true) {"],
    ],
    models: [EXITS, MORE_EXITS],
  },
  {
    name: "queue: closed by an owner that has not looked again",
    path: BRC,
    edits: [[
      "const found = Atomics.compareExchange(m.i32, head, 0, CLOSED); // COMMIT",
      "const found = 0; Atomics.or(m.i32, head, CLOSED);",
    ]],
    models: [EXITS, MORE_EXITS],
  },
  {
    name: "queue: two take the same entry",
    path: BRC,
    edits: [[
      "const found = Atomics.compareExchange(i32, head, seen, left);\n    if (found === seen) break; // COMMIT\n    seen = found;",
      "Atomics.store(i32, head, left); break;",
    ]],
    models: [EACH],
  },
  {
    // The table of threads was read while it grew: some were overlooked.
    name: "QSBR: threads that came after the poller are overlooked (gh-116480)",
    path: QSBR,
    edits: [[
      "slot < used; slot++",
      "slot < Math.min(used, m.slot + 1); slot++",
    ]],
    models: [MemDelayed.queue(1, 0), MemDelayed.queue(2, 0)],
  },
  {
    name: "delayed frees: a goal that is reached already",
    path: DELAYED,
    edits: [[
      "if (!isFull) return Qsbr.sharedNext(m);",
      "if (!isFull) return (Qsbr.sharedNext(m) - 4) | 0;",
    ]],
    models: [MemDelayed.queue(1, 0), MemDelayed.queue(2, 0)],
  },
];
