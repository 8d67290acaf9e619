/**
 * The models of references on their way find bugs that are planted.
 */

import { assert, assertEquals } from "@std/assert";
import { check, ROOT } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { models } from "../models/shares.ts";

const FILE = "src/objects/sharing/shares.ts";

/** A model by a part of its name. */
function named(part: string): Model {
  const found = models.find((model) => model.name.includes(part));
  if (found === undefined) throw new Error(`No model is called "${part}"`);
  return found;
}

/** A bug: this text instead of that. */
interface Bug {
  readonly name: string;
  readonly text: string;
  readonly instead: string;
  /** A model that must find it. */
  readonly model: Model;
}

const BUGS: readonly Bug[] = [
  {
    name: "who looks first is not who takes",
    text: "if (seen !== held) return 0;",
    instead: "",
    model: named("the sharer takes back"),
  },
  {
    name: "one generation for ever",
    text: "const next = (generation + GENERATION) | 0;",
    instead: "const next = generation;",
    model: named("an old token"),
  },
  {
    name: "an entry that is released in the name of the next one",
    text: "Atomics.compareExchange(i32, entry + X_OWNER, owner, 0);",
    instead: "Atomics.store(i32, entry + X_OWNER, 0);",
    model: named("the sharer dies, 1 killed"),
  },
  {
    name: "an entry that is claimed by a look",
    text: "return Atomics.compareExchange(i32, at, owner, m.owner) === owner;",
    instead: "Atomics.store(i32, at, m.owner); return true;",
    model: named("another shares"),
  },
  {
    name: "an entry of the dead that is claimed while it is full",
    text: "&&\n    (Atomics.load(m.i32, entry + X_STATE) & HELD) === 0",
    instead: "",
    model: named("another shares"),
  },
  {
    name: "a look at what is there before the look at who is gone",
    text: "return Sections.isGone(m, owner) &&\n" +
      "    (Atomics.load(m.i32, entry + X_STATE) & HELD) === 0;",
    instead: "return (Atomics.load(m.i32, entry + X_STATE) & HELD) === 0 &&\n" +
      "    Sections.isGone(m, owner);",
    model: named("another shares"),
  },
  {
    name: "an object that is written when the entry is full already",
    text: "Atomics.store(i32, entry + X_OP, op | 0);",
    instead: "Atomics.store(i32, entry + X_STATE, generation | HELD);\n" +
      "  Atomics.store(i32, entry + X_OP, op | 0);",
    model: named("guessed"),
  },
];

for (const model of models) {
  Deno.test(`Nothing is wrong: ${model.name}`, async () => {
    const { finding, isComplete } = await check(model);
    assertEquals(finding, undefined);
    assert(isComplete);
  });
}

for (const { name, text, instead, model } of BUGS) {
  Deno.test(`A model finds: ${name}`, async () => {
    const source = Deno.readTextFileSync(new URL(FILE, ROOT));
    assertEquals(source.split(text).length, 2, `"${text}" in ${FILE}`);
    const overrides = new Map([[FILE, source.replace(text, instead)]]);
    const { finding } = await check(model, { overrides, limit: 2_000_000 });
    assert(finding !== undefined, "nothing was found");
  });
}
