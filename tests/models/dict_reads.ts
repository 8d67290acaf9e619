/**
 * Dicts that are read without a lock: a reader gets the value of its key, alive,
 * or nothing, and nothing only if the key was out for a moment; never memory
 * that has another use by then. What a writer leaves that dies is whole.
 *
 * The writer owns all objects. One that dies is made another one at the same
 * address at once, which the pages of OBJ allow; an old table is overwritten
 * when its goal is reached. Readers look at what they got by plain reads: one
 * of a dead object would be a race, or see what the other object has.
 *
 * @module
 */

import type * as RefcountModule from "../../src/objects/refcount/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as DictKeys from "../../src/layout/dict_keys.ts";
import * as DictObject from "../../src/layout/dict_object.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as UnicodeObject from "../../src/layout/unicode_object.ts";
import type { Library } from "../checker/loader.ts";
import {
  type Model,
  model,
  type Step,
  step,
  type World,
} from "../checker/model.ts";
import {
  type Context,
  DOORS,
  nameOf,
  scratch,
  SPIN_ONCE,
  threads,
  workers,
} from "./support.ts";

const REFCOUNT = "src/objects/refcount/mod.ts";
const SHARING = "src/objects/sharing/mod.ts";
/** Each block that is put off has a sequence of its own. */
const CONSTANTS = {
  ...SPIN_ONCE,
  "src/objects/sharing/delayed.ts": { DEFERRED_LIMIT: 0 },
};
const { MA_USED, MA_KEYS, BUSY, SHARED } = DictObject;
const { DK_NENTRIES, LOG_MINSIZE, UNICODE } = DictKeys;
/** Where an object has its text, and its hash. Words. */
const TEXT = PyObject.SIZEOF + UnicodeObject.LENGTH;
const HASH = PyObject.SIZEOF + UnicodeObject.HASH;
/** Words of a table of 8 lanes. Count. */
const TABLE_WORDS = 16;

/** Objects of a model. */
type Name = "key" | "twin" | "other" | "value" | "next" | "third";
/** Text and hash of each; a twin equals the key, the lanes are all the same. */
const OBJECTS: Readonly<Record<Name, readonly [number, number]>> = {
  key: [21, 5],
  twin: [21, 5],
  other: [22, 13],
  value: [31, 0],
  next: [31, 0],
  third: [33, 0],
};
const NAMES = Object.keys(OBJECTS) as Name[];
/** What another object has in the place of one that died. */
const DEAD = 99;

/** Where things are. Word indices. */
class Place {
  readonly at: Record<Name, number> = {
    key: 0,
    twin: 0,
    other: 0,
    value: 0,
    next: 0,
    third: 0,
  };
  dict = 0;
  before = 0;
  after = 0;
  /** A table of who comes after the writer. */
  spare = 0;
  chunk = 0;

  set(world: World): void {
    this.dict = scratch(world, 0);
    this.before = scratch(world, 1);
    this.after = scratch(world, 2);
    this.chunk = scratch(world, 3);
    this.spare = scratch(world, 4);
    NAMES.forEach((name, k) => this.at[name] = scratch(world, 5 + k));
  }
}

function counts(lib: Library): typeof RefcountModule {
  return lib.module(REFCOUNT);
}

function sharing(lib: Library): typeof SharingModule {
  return lib.module(SHARING);
}

/** Makes an object that others may try to get. */
function make(
  lib: Library,
  world: World,
  m: Context["m"],
  at: number,
  [text, hash]: readonly [number, number],
): void {
  const { Biased } = counts(lib);
  Biased.init(m, at * 4);
  world.write(at + TEXT, text);
  world.write(at + HASH, hash);
  Biased.setMaybeWeakref(m, at * 4);
}

/** Drops a reference; what dies becomes another object. */
function drop(lib: Library, world: World, m: Context["m"], op: number): void {
  const { Biased } = counts(lib);
  if (Biased.decref(m, op) === Biased.DEAD) {
    make(lib, world, m, op / 4, [DEAD, DEAD]);
  }
}

/** Whether an entry has the key of a reader, as far as it can be told. */
function isKeyOf(
  lib: Library,
  world: World,
  m: Context["m"],
  entry: number,
  text: number,
): boolean {
  const { DictReads } = sharing(lib);
  const other = DictReads.tryKey(m, entry);
  if (other === 0) return false;
  const isSame = world.read(other / 4 + TEXT) === text;
  drop(lib, world, m, other);
  return isSame;
}

/** Looks a key up as `dict/lookup.ts` does; returns the text of the value. */
function lookUp(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
  name: Name,
): number {
  const { DictReads } = sharing(lib);
  const [text, hash] = OBJECTS[name];
  const { dict } = place;
  const table = DictReads.open(m, dict, false);
  if (table === 0) return UNSURE;
  const entry = DictReads.find(m, table, place.at[name] * 4, hash);
  if (entry === DictReads.ABSENT) return 0;
  if (entry < 0 && !isKeyOf(lib, world, m, -entry, text)) return UNSURE;
  const got = DictReads.tryValue(m, dict, table, Math.abs(entry));
  if (got === 0) return entry > 0 ? 0 : UNSURE;
  if (got === DictReads.UNSURE) return UNSURE;
  const value = got < 0 ? UNSURE : world.read(got / 4 + TEXT);
  drop(lib, world, m, Math.abs(got));
  return value;
}

/** {@linkcode lookUp}: it cannot be told without the lock. */
const UNSURE = -1;

/** Attached, a reader looks a key up, which may be out if `mayMiss`. */
function reading(
  world: World,
  place: Place,
  name: Name,
  mayMiss: boolean,
  rounds: number,
): Step<Context> {
  const wanted = OBJECTS[name === "other" ? "third" : "value"][0];
  return step<Context>(`attach, get ${name}, detach`, (lib, { m }) => {
    const { SafePoint, ThreadStates } = threads(lib);
    ThreadStates.attach(m);
    for (let k = 0; k < rounds; k++) {
      const value = lookUp(lib, world, place, m, name);
      const isRight = value === wanted || value === UNSURE ||
        value === 0 && mayMiss;
      if (!isRight) throw new Error(`Got ${value} for the key`);
      SafePoint.safePoint(m);
    }
    ThreadStates.detach(m);
  });
}

/** What the writer does, in order. */
export type Part =
  | "insert"
  | "remove"
  | "pop"
  | "put back"
  | "set"
  | "grow"
  | "clear"
  | "process";

/** Key of the first entry. Word index. */
function firstEntry(lib: Library, place: Place, m: Context["m"]): number {
  const { DictKeys } = sharing(lib);
  return DictKeys.keyAt(m.i32, DictKeys.table(m, place.dict), 0);
}

/** Makes words a table without entries. */
function makeTable(
  lib: Library,
  world: World,
  m: Context["m"],
  keys: number,
): void {
  for (let k = 0; k < TABLE_WORDS; k++) world.write(keys + k, 0);
  sharing(lib).DictKeys.init(m.i32, keys, LOG_MINSIZE, UNICODE);
}

/** The item goes to the other table. */
function grow(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
): void {
  const { Delayed, DictKeys: Tables } = sharing(lib);
  const { after, before, dict } = place;
  makeTable(lib, world, m, after);
  const from = Tables.keyAt(m.i32, before, 0);
  const to = Tables.keyAt(m.i32, after, 0);
  world.write(to, world.read(from));
  world.write(to + 1, world.read(from + 1));
  Tables.link(m.i32, after, OBJECTS.key[1], 0);
  const usable = after + DictKeys.DK_USABLE;
  world.write(usable, world.read(usable) - 1);
  world.write(after + DK_NENTRIES, 1);
  Tables.replace(m, dict, after * 4);
  Delayed.put(m, before * 4, TABLE_WORDS * 4);
}

/** A step of the writer. */
function writing(world: World, place: Place, part: Part): Step<Context> {
  const { at, dict } = place;
  return step<Context>(part, (lib, { m }) => {
    const { Delayed, DictKeys } = sharing(lib);
    const hash = OBJECTS.key[1];
    if (part === "insert") {
      const { other, third } = at;
      DictKeys.insert(m, dict, OBJECTS.other[1], other * 4, third * 4);
    } else if (part === "put back") {
      DictKeys.insert(m, dict, hash, at.key * 4, at.next * 4);
    } else if (part === "remove" || part === "pop") {
      DictKeys.remove(m, dict, hash, firstEntry(lib, place, m));
      if (part === "pop") DictKeys.truncate(m, dict, 0);
      drop(lib, world, m, at.value * 4);
      drop(lib, world, m, at.key * 4);
    } else if (part === "set") {
      const entry = firstEntry(lib, place, m);
      drop(lib, world, m, DictKeys.set(m, dict, entry, at.next * 4));
    } else if (part === "grow") grow(lib, world, place, m);
    else if (part === "clear") {
      DictKeys.clear(m, dict);
      drop(lib, world, m, at.value * 4);
      drop(lib, world, m, at.key * 4);
      Delayed.put(m, place.before * 4, TABLE_WORDS * 4);
    } else if (Delayed.take(m, place.chunk) !== 0) {
      for (let k = 0; k < TABLE_WORDS; k++) {
        world.write(place.before + k, at.third * 4);
      }
    }
  });
}

/** Items of a dict that can all be found. Count. */
function foundOf(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
): number {
  const { DictKeys } = sharing(lib);
  const keys = DictKeys.table(m, place.dict);
  const count = world.read(keys + DK_NENTRIES);
  let found = 0;
  for (let k = 0; k < count; k++) {
    const entry = DictKeys.keyAt(m.i32, keys, k);
    if (world.read(entry + 1) === 0) continue;
    found++;
    const isKey = world.read(entry) === place.at.key * 4;
    if (lookUp(lib, world, place, m, isKey ? "key" : "other") === 0) {
      throw new Error("An item is not found");
    }
  }
  return found;
}

/** After the writer's death: the dict is whole, and can be used. */
function heir(world: World, place: Place): Step<Context> {
  return step<Context>("mend, count, find, put in", (lib, { m }) => {
    const { DictKeys } = sharing(lib);
    const { ThreadStates } = threads(lib);
    const { dict, at } = place;
    ThreadStates.attach(m);
    if (DictKeys.isTorn(m, dict)) DictKeys.settle(m, dict);
    const used = world.read(dict + MA_USED);
    const found = foundOf(lib, world, place, m);
    if (found !== used) throw new Error(`${found} items and not ${used}`);
    if (DictKeys.block(m, dict) === DictObject.EMPTY_KEYS) {
      makeTable(lib, world, m, place.spare);
      DictKeys.replace(m, dict, place.spare * 4);
    }
    make(lib, world, m, at.twin, OBJECTS.twin);
    const [, hash] = OBJECTS.twin;
    if (lookUp(lib, world, place, m, "key") !== 0) return;
    DictKeys.insert(m, dict, hash, at.twin * 4, at.next * 4);
    if (lookUp(lib, world, place, m, "twin") === 0) {
      throw new Error("What was put in is not found");
    }
  }, { when: (it) => it.isDead(0), optional: true });
}

/** The dict {key: value}, shared, of the writer; its chunk. */
function setUp(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
  hasOther: boolean,
): void {
  const { i32 } = world;
  const { DictKeys, Delayed } = sharing(lib);
  place.set(world);
  for (const name of NAMES) make(lib, world, m, place.at[name], OBJECTS[name]);
  Delayed.add(m, place.chunk * 4);
  DictKeys.init(i32, place.before, LOG_MINSIZE, UNICODE);
  i32[place.dict + MA_USED] = 0;
  i32[place.dict + MA_KEYS] = place.before * 4 | SHARED;
  const { key, value, other, third } = place.at;
  DictKeys.insert(m, place.dict, OBJECTS.key[1], key * 4, value * 4);
  if (!hasOther) return;
  DictKeys.insert(m, place.dict, OBJECTS.other[1], other * 4, third * 4);
}

/** What is wrong at the end, or "". */
function fault(
  world: World,
  place: Place,
  parts: readonly Part[],
  before: number,
): string {
  const used = world.i32[place.dict + MA_USED];
  if (world.isDead(0)) return "";
  let wanted = before;
  for (const part of parts) {
    if (part === "insert" || part === "put back") wanted++;
    if (part === "remove" || part === "pop" || part === "clear") wanted--;
  }
  if ((used & BUSY) !== 0) return "the count is left open";
  return used === wanted ? "" : `${used} items and not ${wanted}`;
}

/** What may be said of a model. */
interface More {
  readonly bound?: number;
  readonly kills?: number;
  /** Lookups of a reader. Count. */
  readonly rounds?: number;
  /** Whether the other key is there from the start. */
  readonly hasOther?: boolean;
}

/** Readers, each of its key, against a writer. */
export function reads(
  keys: readonly Name[],
  parts: readonly Part[],
  more: More = {},
): Model {
  const { bound, kills = 0, rounds = 1, hasOther = false } = more;
  const place = new Place();
  const mayMiss = parts.includes("remove") || parts.includes("pop") ||
    parts.includes("clear");
  return model<Context>({
    name: `dict${hasOther ? " of 2" : ""}, get ${keys.join(", ")} ` +
      `x ${rounds}; ${parts.join(", ")}` +
      (kills > 0 ? ", killed, mended" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, REFCOUNT, SHARING],
    constants: CONSTANTS,
    ...(bound === undefined ? {} : { bound }),
    kills,
    killable: (worker) => worker === 0,
    nameOf,
    setup(lib, world) {
      const count = keys.length + 1 + (kills > 0 ? 1 : 0);
      const contexts = workers(lib, world, count);
      setUp(lib, world, place, contexts[0].m, hasOther);
      return contexts;
    },
    script(worker, world) {
      const name = keys[worker - 1];
      if (worker > keys.length) return [heir(world, place)];
      if (worker > 0) {
        const mayBeOut = name === "other" ? !hasOther : mayMiss;
        return [reading(world, place, name, mayBeOut, rounds)];
      }
      return [
        step<Context>("attach", (lib, { m }) => {
          threads(lib).ThreadStates.attach(m);
        }),
        ...parts.map((part) => writing(world, place, part)),
        step<Context>("safe point", (lib, { m }) => {
          threads(lib).SafePoint.safePoint(m);
        }),
      ];
    },
    racy: (at) =>
      NAMES.some((name) =>
        at === place.at[name] + PyObject.OB_TID ||
        at === place.at[name] + PyObject.OB_REF_LOCAL
      ),
    final: (world) => fault(world, place, parts, hasOther ? 2 : 1),
  });
}

/** Models before a push. */
export const models: readonly Model[] = [
  reads(["key"], ["insert", "set"]),
  reads(["other"], ["insert", "remove"]),
  reads(["other"], ["remove", "put back"], { hasOther: true }),
  reads(["twin"], ["remove", "put back"]),
  reads(["key"], ["pop", "insert"]),
  reads(["key"], ["grow", "process", "set"]),
  reads(["twin"], ["grow", "remove"]),
  reads(["key"], ["clear", "process"]),
  reads(["key", "twin"], ["grow", "set", "process"], { bound: 2 }),
  reads(["key"], ["insert", "set"], { kills: 1 }),
  reads(["key"], ["remove", "put back"], { kills: 1, bound: 2 }),
  reads(["other"], ["remove", "insert"], { kills: 1, bound: 2 }),
  reads(["key"], ["grow", "clear"], { kills: 1, bound: 2 }),
];

/** Models over night. */
export const nightly: readonly Model[] = [
  reads(["key", "twin"], ["grow", "set", "process"]),
  reads(["key", "other"], ["insert", "remove"], { rounds: 2, bound: 3 }),
];
