/** The models of weak references: they hold, and find bugs that are planted. */

import { assert, assertEquals } from "@std/assert";
import { check, ROOT } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { models, weakrefs } from "../models/weakref.ts";

const LINKS = "src/objects/sharing/weakref_links.ts";

/** A bug: this text instead of that, and a model that must find it. */
interface Bug {
  readonly name: string;
  readonly text: string;
  readonly instead: string;
  readonly model: Model;
}

const GET = weakrefs({ parts: [["drop"], ["get"]] });
const RETIRE = weakrefs({ parts: [["drop"], ["drop first"]] });

const HEIR = weakrefs({ parts: [["make"], ["drop first"]], dies: true });

const BUGS: readonly Bug[] = [
  {
    name: "what was got is not looked at again",
    text: "return Atomics.load(i32, at + X_OBJECT) >>> 0 === op ? op : -op;",
    instead: "return op;",
    model: GET,
  },
  {
    name: "an object that is dead is counted on",
    text: "if (op === 0 || !Biased.tryIncref(m, op)) return 0;",
    instead: "if (op === 0) return 0; Biased.incref(m, op);",
    model: GET,
  },
  {
    name: "dead before it is out of the list",
    text: "  unlink(m, state + stripeOf(op) + BUSY, head, ref);\n" +
      "  References.write(m, fieldsOf(m, ref) + X_OBJECT, 0); // COMMIT",
    instead: "  References.write(m, fieldsOf(m, ref) + X_OBJECT, 0);\n" +
      "  unlink(m, state + stripeOf(op) + BUSY, head, ref);",
    model: RETIRE,
  },
  {
    name: "a dying one does not look again under the lock",
    text: "if (objectOf(m, at) === op) remove(",
    instead: "remove(",
    model: RETIRE,
  },
  {
    name: "a dying one is called back",
    text: "const isWanted = call !== 0 && tryIncref(m, ref);",
    instead:
      "const isWanted = call !== 0; if (isWanted) Biased.incref(m, ref);",
    model: RETIRE,
  },
  {
    name: "a dying one is used again",
    text: "return tryIncref(m, ref) ? ref : 0;",
    instead: "Biased.incref(m, ref); return ref;",
    model: weakrefs({ parts: [["drop second"], ["reuse"], ["drop"]] }),
  },
  {
    name: "no lock",
    text: "if (m.build !== Header.BUILD_GIL) Sections.lock(m, stripe + LOCKS);",
    instead: "",
    model: RETIRE,
  },
  {
    name: "what a dead worker has left is not mended",
    text: "if (m.i32[stripe + BUSY] !== 0) mend(m, stripe + BUSY);",
    instead: "",
    model: HEIR,
  },
  {
    name: "a list is changed before it is noted",
    text: "  if (next !== 0) m.i32[busy] = head;\n" +
      "  References.write(m, link, to | 0); // COMMIT",
    instead: "  References.write(m, link, to | 0);\n" +
      "  if (next !== 0) m.i32[busy] = head;",
    model: HEIR,
  },
];

for (const model of models) {
  Deno.test(model.name, async () => {
    const { finding, isComplete } = await check(model);
    assertEquals([finding?.text, isComplete], [undefined, true]);
  });
}

for (const { name, text, instead, model } of BUGS) {
  Deno.test(`planted: ${name} is found`, async () => {
    const source = await Deno.readTextFile(new URL(LINKS, ROOT));
    assertEquals(source.split(text).length, 2, "the text must be there once");
    const overrides = new Map([[LINKS, source.replace(text, () => instead)]]);
    const { finding } = await check(model, { overrides });
    assert(finding !== undefined);
  });
}
