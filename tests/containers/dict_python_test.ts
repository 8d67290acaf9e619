/**
 * Dicts and those of CPython: tables grow at the same items, and after random
 * programs there are the same items, in the same order, in tables of the
 * same size and kind. A mirror of CPython says so, and a living Python, if there
 * is one, that the mirror is right.
 */

import { assert, assertEquals } from "@std/assert";
import { Dict, None, type Objects, Protocol } from "../../src/objects/mod.ts";
import { DictKeys } from "../../src/objects/sharing/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { eachBuild } from "../objects/objects_fixture.ts";
import { hasPython, run } from "../objects/python.ts";
import {
  assertWhole,
  dictOf,
  type Key,
  lanesOf,
  put,
  tableOf,
  withKey,
} from "./dict_fixture.ts";
import { Mirror, OURS, type Rules, rulesOf } from "./dict_mirror.ts";

eachBuild("Tables grow at the items at which CPython's do", (o) => {
  for (const name of ["name ", ""]) {
    const dict = Dict.create(o);
    const seen: [number, number][] = [];
    let lanes = 1;
    for (let k = 1; k <= 700; k++) {
      put(o, dict, name === "" ? k : name + k, 1);
      if (lanesOf(o, dict) === lanes) continue;
      lanes = lanesOf(o, dict);
      seen.push([k, lanes]);
    }
    // deno-fmt-ignore
    assertEquals(seen, [
      [1, 8], [6, 16], [11, 32], [22, 64], [43, 128], [86, 256], [171, 512],
      [342, 1024], [683, 2048],
    ]);
    assertWhole(o, dict);
    o.decref(dict);
  }
});

eachBuild("Dicts have the sizes of the table of types", (o) => {
  const head = o.isBiased ? 16 : 0;
  const dict = Dict.create(o);
  const size = () => Protocol.sizeOf(o, dict) - head;
  assertEquals(size(), 16);
  put(o, dict, "a", 1);
  assertEquals(size(), 80);
  put(o, dict, "b", 1);
  withKey(o, "a", (key) => assert(Dict.delItem(o, dict, key)));
  Dict.clear(o, dict);
  assertEquals(size(), 16);
  put(o, dict, 1, 1);
  assertEquals(size(), 96);
  o.decref(dict);
});

eachBuild("A key that is no str makes the table one for all", (o) => {
  const dict = dictOf(o, [["a", 1], ["b", 2], ["c", 3]]);
  const kind = () => DictKeys.kind(o.i32, tableOf(o, dict));
  assertEquals([kind(), lanesOf(o, dict)], [1, 8]);
  put(o, dict, 1, 4);
  assertEquals([kind(), lanesOf(o, dict)], [0, 16]);
  assertWhole(o, dict);
  withKey(o, 1, (key) => Dict.delItem(o, dict, key));
  assertEquals(Protocol.repr(o, dict), "{'a': 1, 'b': 2, 'c': 3}");
  o.decref(dict);
});

eachBuild("Lanes of 16 and 32 bits", (o) => {
  const dict = Dict.create(o);
  const none = None.none(o);
  const count = 44_000;
  for (let k = 0; k < count; k++) {
    withKey(o, k, (key) => assert(Dict.setItem(o, dict, key, none)));
  }
  assertEquals(lanesOf(o, dict), 131_072);
  for (let k = 0; k < count; k += 2) {
    withKey(o, k, (key) => assert(Dict.delItem(o, dict, key)));
  }
  for (let k = 0; k < count; k++) {
    withKey(o, k, (key) => {
      assertEquals(Dict.contains(o, dict, key), k % 2 === 1);
    });
  }
  assertEquals(Dict.length(o, dict), count / 2);
  o.decref(dict);
});

/** Dicts of a program. Count. */
const DICTS = 3;
/** Programs of a run. Count. */
const COUNT = 150;
const SEED = 7;

/** A step: its name, two dicts, a key. */
type Step = readonly [string, number, number, Key];

/** Runs each line's steps on three dicts; prints them and their tables. */
const PROGRAM = `import json, sys
known = {}
for log in range(3, 20):
    lanes = 1 << log
    width = 1 if log < 8 else 2 if log < 16 else 4
    for kind, words in ((0, 24), (1, 16)):
        known[48 + 32 + lanes * width + (lanes * 2 // 3) * words] = [lanes, kind]
for line in sys.stdin:
    d = [{}, {}, {}]
    for name, a, b, key in json.loads(line):
        if name == "set": d[a][key] = b
        elif name == "del": d[a].pop(key, None)
        elif name == "popItem": d[a] and d[a].popitem()
        elif name == "clear": d[a].clear()
        elif name == "update": d[a].update(d[b])
        else: d[a] = d[b].copy()
    print(d, [known.get(x.__sizeof__(), [1, 0]) for x in d])
`;

function programOf(random: Prng): Step[] {
  const most = 8 << random.below(6);
  const strs = random.below(3);
  return Array.from({ length: 40 + random.below(300) }, () => {
    const name = random.below(12) === 0
      ? random.pick(["clear", "update", "update", "copy"])
      : random.pick(["set", "set", "set", "set", "del", "popItem"]);
    const number = random.below(most);
    const isStr = strs === 0 || strs === 1 && random.below(100) !== 0;
    return [
      name,
      random.below(DICTS),
      random.below(DICTS),
      isStr ? `k${number}` : number,
    ];
  });
}

/** Runs a step; a dict may be another one afterwards. */
function step(o: Objects, dicts: number[], [name, a, b, key]: Step): void {
  if (name === "set") put(o, dicts[a], key, b);
  else if (name === "del") {
    withKey(o, key, (op) => Dict.delItem(o, dicts[a], op));
  } else if (name === "clear") Dict.clear(o, dicts[a]);
  else if (name === "update") assert(Dict.update(o, dicts[a], dicts[b]));
  else if (name === "copy") {
    const copy = Dict.copy(o, dicts[b]);
    o.decref(dicts[a]);
    dicts[a] = copy;
  } else {
    const pair = Dict.popItem(o, dicts[a]);
    if (pair !== 0) o.decref(pair);
  }
}

/** What the same program prints here. */
function outcome(o: Objects, program: readonly Step[]): string {
  const dicts = Array.from({ length: DICTS }, () => Dict.create(o));
  for (const each of program) step(o, dicts, each);
  const texts = dicts.map((dict) => {
    assertWhole(o, dict);
    return Protocol.repr(o, dict);
  });
  const tables = dicts.map((dict) => {
    const kind = DictKeys.kind(o.i32, tableOf(o, dict));
    return `[${lanesOf(o, dict)}, ${kind}]`;
  });
  for (const dict of dicts) o.decref(dict);
  return `[${texts.join(", ")}] [${tables.join(", ")}]`;
}

/** What a mirror of CPython says about it. */
function mirrored(program: readonly Step[], rules: Rules): string {
  const dicts = Array.from({ length: DICTS }, () => new Mirror(rules));
  for (const [name, a, b, key] of program) {
    if (name === "set") dicts[a].set(key, b);
    else if (name === "del") dicts[a].remove(key);
    else if (name === "clear") dicts[a].clear();
    else if (name === "update") dicts[a].update(dicts[b]);
    else if (name === "copy") dicts[a] = dicts[b].copy();
    else dicts[a].popItem();
  }
  const texts = dicts.map((dict) => dict.text).join(", ");
  return `[${texts}] [${dicts.map((dict) => dict.table).join(", ")}]`;
}

const random = new Prng(SEED);
const PROGRAMS = Array.from({ length: COUNT }, () => programOf(random));

eachBuild(`${COUNT} random programs end as the mirror's, seed ${SEED}`, (o) => {
  for (const [k, program] of PROGRAMS.entries()) {
    assertEquals(outcome(o, program), mirrored(program, OURS), `program ${k}`);
  }
});

Deno.test({
  name: `${COUNT} random programs end as CPython's, seed ${SEED}`,
  ignore: !hasPython(),
  async fn() {
    const asked = "import sys\nprint(*sys.version_info[:2])";
    const [major, minor] = (await run(asked, []))[0].split(" ").map(Number);
    // Before 3.11 all tables were of one kind, and had another head.
    if (major !== 3 || minor < 11) return;
    const lines = PROGRAMS.map((program) => JSON.stringify(program));
    const found = await run(PROGRAM, lines);
    for (const [k, program] of PROGRAMS.entries()) {
      const wanted = mirrored(program, rulesOf(minor));
      assertEquals(found[k], wanted, `program ${k}`);
    }
  },
});
