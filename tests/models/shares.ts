/**
 * References on their way: of those who try to take one exactly one gets it,
 * and an old token never gets what another generation has put there.
 *
 * An object is a word that whoever has its reference writes plainly: two who
 * believe to have it race.
 *
 * @module
 */

import type * as RecoveryModule from "../../src/recovery/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ObjectsWords from "../../src/layout/objects.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ShareTable from "../../src/layout/share_table.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
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
  workers,
} from "./support.ts";

const SHARING = "src/objects/sharing/mod.ts";
const RECOVERY = "src/recovery/mod.ts";
const CELL = "tests/checker/fixtures/cell.ts";
const CONSTANTS = {
  ...SPIN_ONCE,
  "src/sync/mutex.ts": { SPINS: 0, PAUSES_PER_SPIN: 0, LOOK_MS: Infinity },
  "src/threads/sections.ts": { LOOK_MS: Infinity },
};
/** What workers of a model do. */
type Part =
  | "share"
  | "share next"
  | "share other"
  | "take"
  | "take next"
  | "guess"
  | "rest"
  | "declare";

function shares(lib: Library): typeof SharingModule.Shares {
  return (lib.module(SHARING) as typeof SharingModule).Shares;
}

/** Word that is 1 once object `k` was shared. */
function token(world: World, k: number): number {
  return scratch(world, 1 + k);
}

/** Object `k`: a word that counts who has had its reference. */
function object(world: World, k: number): number {
  return scratch(world, 3 + k);
}

/** Puts object `k` into an entry, if one is free. */
function sharing(world: World, k: number): Step<Context> {
  return step<Context>(`share ${k}`, (lib, c) => {
    const it = shares(lib);
    const index = it.claim(c.m, 0);
    if (index < 0) return;
    const entry = it.entryAt(c.m, index);
    // Generations of the one entry are the tokens: 0 of the first object.
    const generation = it.generationOf(c.m, entry);
    if (generation !== k * ShareTable.GENERATION) {
      throw new Error(`Generation ${generation} for object ${k}`);
    }
    it.fill(c.m, entry, object(world, k) * 4, 0);
    lib.module(CELL).store(c.m.i32, token(world, k), 1);
  });
}

/** Puts object 1 into an entry whenever it is free; nobody knows its token. */
function sharingOther(world: World): Step<Context> {
  return step<Context>("share another", (lib, c) => {
    const it = shares(lib);
    if (it.claim(c.m, 0) < 0) return;
    it.fill(c.m, it.entryAt(c.m, 0), object(world, 1) * 4, 0);
  });
}

/** Takes object `k` by its token. */
function taking(world: World, k: number): Step<Context> {
  return step<Context>(`take ${k}`, (lib, c) => {
    const it = shares(lib);
    const entry = it.entryAt(c.m, 0);
    const op = it.take(c.m, entry, k * ShareTable.GENERATION);
    if (op === 0) return;
    if (op !== object(world, k) * 4) throw new Error(`Took ${op / 4}`);
    world.write(op / 4, world.read(op / 4) + 1);
    c.n |= 1 << k;
  });
}

/** The same, once it was shared. */
function receiving(world: World, k: number): Step<Context> {
  return {
    ...taking(world, k),
    when: (it) => it.i32[token(it, k)] !== 0,
    optional: true,
  };
}

/** Lives on, and may die, with all done. */
function resting(): Step<Context> {
  return step<Context>("rest", () => {}, { when: () => false, optional: true });
}

/** Says that worker 0 is dead, once it is. */
function declaring(): Step<Context> {
  return step<Context>("declare worker 0 dead", (lib, { m }) => {
    const { Recovery } = lib.module(RECOVERY) as typeof RecoveryModule;
    const slot = PageMap.FIRST_SLOT;
    const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
    const incarnation = m.i32[thread + ThreadState.INCARNATION];
    Recovery.condemn(m, (incarnation << PageMap.INCARNATION_SHIFT) | slot);
  }, { when: (world) => world.isDead(0), optional: true });
}

function stepOf(world: World, part: Part): Step<Context> {
  switch (part) {
    case "share":
      return sharing(world, 0);
    case "share next":
      return {
        ...sharing(world, 1),
        when: (it) => wasTaken(it),
        optional: true,
      };
    case "share other":
      return sharingOther(world);
    case "take":
      return receiving(world, 0);
    case "take next":
      return receiving(world, 1);
    case "guess":
      return taking(world, 0);
    case "rest":
      return resting();
    case "declare":
      return declaring();
  }
}

/** True once the first object was taken, and its entry is free or left. */
function wasTaken(world: World): boolean {
  const entry = scratch(world, 0) + ShareTable.ENTRIES;
  const { i32 } = world;
  const isFree = i32[entry + ShareTable.X_OWNER] === 0 || world.isDead(0);
  return isFree && i32[token(world, 0)] !== 0 &&
    (i32[entry + ShareTable.X_STATE] & ShareTable.HELD) === 0;
}

/** Workers with these parts, and a table of one entry. */
export function tokens(
  name: string,
  parts: readonly (readonly Part[])[],
  kills = 0,
): Model {
  return model<Context>({
    name: `shares, ${name}` + (kills > 0 ? `, ${kills} killed` : ""),
    doors: [...DOORS, SHARING, RECOVERY, CELL],
    constants: CONSTANTS,
    kills,
    killable: (worker) => worker === 0,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, parts.length);
      const table = scratch(world, 0);
      world.i32[table + ShareTable.CAPACITY] = 1;
      world.i32[Layout.OBJECTS + ObjectsWords.X_SHARES] = table;
      return contexts;
    },
    script: (worker, world) => parts[worker].map((part) => stepOf(world, part)),
    invariant: (world) => isTornOff(world) ? "H1: HELD, and nobody's" : "",
    final: (world) => fault(world, parts[0].includes("take")),
  });
}

/** True if the entry holds a reference and has no owner. */
function isTornOff(world: World): boolean {
  const { i32 } = world;
  const entry = scratch(world, 0) + ShareTable.ENTRIES;
  return i32[entry + ShareTable.X_OWNER] === 0 &&
    (i32[entry + ShareTable.X_STATE] & ShareTable.HELD) !== 0;
}

/** How often the reference of object `k` is somebody's at the end. */
function holders(world: World, k: number): number {
  const { i32 } = world;
  const entry = scratch(world, 0) + ShareTable.ENTRIES;
  let count = 0;
  for (let worker = 0; worker < world.workers; worker++) {
    const isTaker = (world.context(worker).n & (1 << k)) !== 0;
    if (isTaker && !world.isDead(worker)) count++;
  }
  const isHeld = (i32[entry + ShareTable.X_STATE] & ShareTable.HELD) !== 0;
  return isHeld && i32[entry + ShareTable.X_OP] === object(world, k) * 4
    ? count + 1
    : count;
}

/** What is wrong at the end, or "". Who dies taking loses what it took. */
function fault(world: World, mayLose: boolean): string {
  for (let k = 0; k < 2; k++) {
    if (world.i32[token(world, k)] === 0) continue;
    const count = holders(world, k);
    if (count > 1) return `object ${k} was received ${count} times`;
    if (count === 0 && !(mayLose && world.isDead(0))) {
      return `object ${k} is lost`;
    }
  }
  return "";
}

/** The models of this file. */
export const models: readonly Model[] = [
  tokens("2 receivers, the sharer takes back", [
    ["share", "take"],
    ["take"],
    ["take"],
  ]),
  tokens("an entry used again, an old token", [
    ["share"],
    ["take", "share next"],
    ["take", "take next"],
  ]),
  tokens("2 receivers, an entry used again", [
    ["share", "share next"],
    ["take", "take next"],
    ["take", "take next"],
  ]),
  tokens("the sharer dies", [
    ["share", "take"],
    ["take", "declare", "share next"],
    ["take", "take next"],
  ], 1),
  tokens("another shares, the sharer dies", [
    ["share", "rest"],
    ["share other"],
    ["declare", "take"],
  ], 1),
  tokens("a token that is guessed", [
    ["share"],
    ["guess"],
    ["guess", "take"],
  ]),
];
