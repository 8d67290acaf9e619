/**
 * Sets and those of a living Python: the same order, the same tables, after the
 * same random programs. Where there is no Python nothing is compared.
 */

import { assertEquals } from "@std/assert";
import * as SetObject from "../../src/layout/set_object.ts";
import * as SetTable from "../../src/layout/set_table.ts";
import { Long, type Objects, Protocol, Sets } from "../../src/objects/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { withObjects } from "../objects/objects_fixture.ts";
import { hasPython, run } from "../objects/python.ts";

/** Programs of a run. Count. */
const COUNT = 150;
const SEED = 12;

/** A step: its name, two sets of {@linkcode SETS}, a value. */
type Step = readonly [string, number, number, number];

/** Runs each line's steps on four sets; prints them and their tables. */
const PROGRAM = `import json, sys
small = set().__sizeof__()
for line in sys.stdin:
    s = [set(), set(), set(), set()]
    for name, a, b, value in json.loads(line):
        if name == "add": s[a].add(value)
        elif name == "discard": s[a].discard(value)
        elif name == "pop": s[a] and s[a].pop()
        elif name == "clear": s[a].clear()
        elif name == "update": s[a].update(s[b])
        elif name == "copy": s[a] = s[b].copy()
        elif name == "union": s[a] = s[a] | s[b]
        elif name == "intersection": s[a] = s[a] & s[b]
        elif name == "difference": s[a] = s[a] - s[b]
        else: s[a] = s[a] ^ s[b]
    sizes = [x.__sizeof__() for x in s]
    print(s, [8 if size == small else (size - small) // 16 for size in sizes])
`;

const SETS = 4;
const PLAIN = ["add", "add", "add", "discard", "pop"];
const RARE = [
  "clear",
  "update",
  "copy",
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
];

function programOf(random: Prng): Step[] {
  const values = 8 << random.below(6);
  return Array.from({ length: 40 + random.below(300) }, () => {
    const name = random.pick(random.below(12) === 0 ? RARE : PLAIN);
    return [
      name,
      random.below(SETS),
      random.below(SETS),
      random.below(values) * (1 + random.below(2) * 4095),
    ];
  });
}

const COMBINED: Record<string, (o: Objects, a: number, b: number) => number> = {
  copy: (o, _, b) => Sets.copy(o, b),
  union: Sets.union,
  intersection: Sets.intersection,
  difference: Sets.difference,
  symmetricDifference: Sets.symmetricDifference,
};

/** Runs a step; a set may be another one afterwards. */
function step(o: Objects, sets: number[], [name, a, b, value]: Step): void {
  const key = Long.fromNumber(o, value);
  const popped = name === "pop" ? Sets.pop(o, sets[a]) : 0;
  if (popped !== 0) o.decref(popped);
  if (name === "add") Sets.add(o, sets[a], key);
  if (name === "discard") Sets.discard(o, sets[a], key);
  if (name === "clear") Sets.clear(o, sets[a]);
  if (name === "update") Sets.update(o, sets[a], sets[b]);
  o.decref(key);
  if (COMBINED[name] === undefined) return;
  const made = COMBINED[name](o, sets[a], sets[b]);
  o.decref(sets[a]);
  sets[a] = made;
}

/** What {@linkcode PROGRAM} prints for a program. */
function ours(o: Objects, steps: readonly Step[]): string {
  const sets = Array.from({ length: SETS }, () => Sets.create(o));
  for (const each of steps) step(o, sets, each);
  const texts = sets.map((op) => Protocol.repr(o, op));
  const sizes = sets.map((op) =>
    o.i32[o.i32[o.fields(op) + SetObject.TABLE] + SetTable.MASK] + 1
  );
  for (const op of sets) o.decref(op);
  return `[${texts.join(", ")}] [${sizes.join(", ")}]`;
}

for (const build of BUILDS) {
  Deno.test({
    name: `Sets have Python's order and tables, seed ${SEED} (${build})`,
    ignore: !hasPython(),
    async fn() {
      const random = new Prng(SEED);
      const programs = Array.from({ length: COUNT }, () => programOf(random));
      const theirs = await run(PROGRAM, programs.map((p) => JSON.stringify(p)));
      withObjects(build, (o) => {
        for (const [k, program] of programs.entries()) {
          assertEquals(ours(o, program), theirs[k], `program ${k}`);
        }
      });
    },
  });
}
