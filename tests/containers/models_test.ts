/**
 * The models of what containers share find bugs that are planted in it.
 */

import { assert, assertEquals } from "@std/assert";
import { check, ROOT } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import * as CriticalSection from "../models/critical_section.ts";
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
    text: "lock(m, Math.min(a, b), Math.max(a, b));",
    instead: "lock(m, a, b);",
    model: CriticalSection.sections(["A+B", "B+A"]),
  },
  {
    name: "sections that a waiting thread keeps",
    file: "src/threads/thread_state.ts",
    text: "if (m.sections.length > 0) Sections.suspendAll(m);",
    instead: "",
    model: CriticalSection.sections(["A(B)", "B(A)"]),
  },
  {
    name: "a section that is not taken up again",
    file: "src/threads/critical_section.ts",
    text: "if (m.sections.length === 0 || Sections.tryResume(m)) return;",
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
    text: "References.write(m, at + last, 0);",
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
