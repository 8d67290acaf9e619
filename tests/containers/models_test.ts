/**
 * The models of what containers share find bugs that are planted in it.
 */

import { assert, assertEquals } from "@std/assert";
import { check, ROOT } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import * as CriticalSection from "../models/critical_section.ts";
import * as ListMoves from "../models/list_moves.ts";
import * as ListOwn from "../models/list_own.ts";
import * as ListReads from "../models/list_reads.ts";
import * as MemDelayed from "../models/mem_delayed.ts";

/** A bug: in a file, this text instead of that. */
interface Bug {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly instead: string;
  /** A model that must find it. */
  readonly model: Model;
}

const SECTIONS = "src/threads/sections.ts";
const REFERENCES = "src/objects/sharing/references.ts";
const ITEMS = "src/objects/sharing/list_items.ts";
const DELAYED = "src/objects/sharing/delayed.ts";

const POPPED = ListReads.reads(1, 1, ["pop"]);
const GROWN = ListReads.reads(1, 1, ["grow", "pop"]);

const BUGS: readonly Bug[] = [
  {
    name: "two mutexes in the order of the call",
    file: "src/threads/critical_section.ts",
    text: "beginPair(m, Math.min(a, b), Math.max(a, b));",
    instead: "beginPair(m, a, b);",
    model: CriticalSection.sections(["A+B", "B+A"]),
  },
  {
    name: "sections that a waiting thread keeps",
    file: "src/threads/thread_state.ts",
    text: "if (Sections.depth(m) > 0) Sections.suspendAll(m);",
    instead: "",
    model: CriticalSection.sections(["A(B)", "B(A)"]),
  },
  {
    name: "a section that is not taken up again",
    file: "src/threads/critical_section.ts",
    text: "if (left === 0 || Sections.tryResume(m)) return;",
    instead: "return;",
    model: CriticalSection.sections(["A(B)", "B(A)"]),
  },
  {
    name: "mutexes of the dead that nobody takes over",
    file: SECTIONS,
    text: "while (!takeOver(m, at)) {",
    instead: "while (true) {",
    model: CriticalSection.deaths("A+B"),
  },
  {
    name: "mutexes of the dead that recovery does not give back",
    file: "src/recovery/estate.ts",
    text: "Sections.release(m, slot);",
    instead: "",
    model: CriticalSection.estates("A(B)", ["A+B"]),
  },
  {
    name: "a mutex that is noted after it was taken",
    file: "src/threads/critical_section.ts",
    text: "m.i32[word] = at | PENDING; // before the mutex, see E3",
    instead: "",
    model: CriticalSection.estates("A(B)", ["A+B"]),
  },
  {
    name: "two mutexes that are noted after they were taken",
    file: "src/threads/critical_section.ts",
    text: "m.i32[word] = first | PENDING; // before the mutexes, see E3",
    instead: "",
    model: CriticalSection.estates("A+B", ["B+A"]),
  },
  {
    name: "items that were on the move are not mended",
    file: ITEMS,
    text: "if (isTwice(m, at, k, size)) Biased.incref(m, m.i32[at + k] >>> 0);",
    instead: "",
    model: ListMoves.moves(0, "insert", { kills: 1 }),
  },
  {
    name: "mirrored items are not mended",
    file: ITEMS,
    text: "k < mirrored && i32[at + k] === i32[at + mirrored];",
    instead: "false;",
    model: ListMoves.moves(0, "reverse", { kills: 1 }),
  },
  {
    name: "items are moved and nobody is told",
    file: ITEMS,
    text: "if (index < last) store(i32, word, list + OB_ITEM, word | MOVING);",
    instead: "",
    model: ListMoves.moves(0, "remove", { kills: 1 }),
  },
  {
    name: "an item of somebody else that is taken without an atomic access",
    file: ITEMS,
    text: "if (op === 0 || i32[(op >>> 2) + OB_TID] !== tid) return 0;",
    instead: "if (op === 0) return 0;",
    model: ListOwn.owns(1, true),
  },
  {
    name: "a slot that is not looked at again",
    file: REFERENCES,
    text: "Atomics.load(i32, at) >>> 0 === op &&",
    instead: "",
    model: POPPED,
  },
  {
    name: "an array that is not looked at again",
    file: REFERENCES,
    text: "&&\n    Atomics.load(i32, word) === table",
    instead: "",
    model: GROWN,
  },
  {
    name: "a slot that keeps what was taken out",
    file: ITEMS,
    text: "store(i32, word, at + last, 0);",
    instead: "",
    model: POPPED,
  },
  {
    name: "an array that does not wait for its readers",
    file: DELAYED,
    text: "if (!Qsbr.poll(m, i32[at + 1])) return 0;",
    instead: "",
    model: ListReads.reads(1, 1, ["grow", "process"]),
  },
  {
    name: "an item that is taken twice",
    file: DELAYED,
    text: "i32[chunk + WR] = 0;\n    i32[chunk + RD] = 0;",
    instead: "i32[chunk + RD] = 0;\n    i32[chunk + WR] = 0;",
    model: MemDelayed.queue(1, 1),
  },
  {
    name: "a chunk of a thread that has ended, left to nobody",
    file: DELAYED,
    text: "if (owner !== 0 && !Sections.isGone(m, owner)) return false;",
    instead: "return false;",
    model: MemDelayed.queue(0, 0),
  },
];

for (const { name, file, text, instead, model } of BUGS) {
  Deno.test(`A model finds: ${name}`, async () => {
    const source = Deno.readTextFileSync(new URL(file, ROOT));
    assertEquals(source.split(text).length, 2, `"${text}" in ${file}`);
    const overrides = new Map([[file, source.replace(text, instead)]]);
    const { finding } = await check(model, { overrides, limit: 2_000_000 });
    assert(finding !== undefined, "nothing was found");
  });
}
