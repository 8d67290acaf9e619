/**
 * Fatal errors and hook state: the first verdict stands and is read whole, and
 * who sees that hook state has changed sees how.
 *
 * @module
 */

import * as Words from "../../src/layout/allocators.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as Verdict from "../../src/layout/verdict.ts";
import type * as State from "../../src/hooks/debug/state.ts";
import { type Model, model, step, type World } from "../checker/model.ts";
import {
  type Context,
  DOORS,
  isStatistic,
  nameOf,
  NO_RESCUE,
  sync,
  waiterWords,
  workers,
} from "./support.ts";

const X_OWNER = Layout.VERDICT + Verdict.X_OWNER;
const X_LENGTH = Layout.VERDICT + Verdict.X_LENGTH;
const X_POISON = Layout.HEADER + Header.X_POISON;
const X_DEBUG = Layout.ALLOCATORS + Words.X_DEBUG;
const X_CHANGES = Layout.ALLOCATORS + Words.X_CHANGES;

/** Module of the hook state. */
const STATE = "src/hooks/debug/state.ts";

/** What a worker reports: 8 bytes, two words of text. */
const TEXTS = ["aaaaaaaa", "bbbbbbbb"];

/** The text of the worker with an owner id. */
function textOf(owner: number): string {
  return TEXTS[(owner & PageMap.SLOT_MASK) - PageMap.FIRST_SLOT] ?? "";
}

/** What is wrong with the verdict as it stands, or `""`. */
function faultOf(world: World): string {
  const { i32 } = world;
  if (i32[X_LENGTH] === 0) return "";
  const word = textOf(i32[X_OWNER]).charCodeAt(0) * 0x01010101;
  const isWhole = i32[X_LENGTH] === 9 &&
    i32[Layout.VERDICT + Verdict.TEXT] === word &&
    i32[Layout.VERDICT + Verdict.TEXT + 1] === word;
  return isWhole ? "" : "the verdict is torn";
}

/** Two workers report, one looks; some of them may die. */
export function fatal(kills: number): Model {
  return model<Context>({
    name: `fatal errors, 2 reporters` + (kills ? `, ${kills} kill` : ""),
    doors: DOORS,
    constants: NO_RESCUE,
    kills,
    nameOf,
    ignored: isStatistic,
    clearedAtRest: waiterWords,
    setup: (lib, world) => workers(lib, world, 3),
    script: (worker) => [
      worker < 2
        ? step<Context>("report", (lib, { m }) => {
          const { Fatal } = sync(lib);
          Fatal.judge(m, TEXTS[worker]);
          Fatal.poison(m);
        })
        : step<Context>("look", (lib, context) => {
          const { Fatal } = sync(lib);
          if (!Fatal.isPoisoned(context.m)) return;
          const text = Fatal.verdict(context.m);
          context.n = text === "" ? 1 : 2 + TEXTS.indexOf(text);
        }),
    ],
    invariant: faultOf,
    final(world) {
      const { n } = world.context(2);
      if (n >= 2 && TEXTS[n - 2] !== textOf(world.i32[X_OWNER])) {
        return "somebody read another text";
      }
      if (n === 1 && kills === 0 && world.i32[X_LENGTH] === 0) {
        return "the text never came";
      }
      const isMarked = world.i32[X_POISON] === 1;
      return isMarked ? "" : "the heap is not marked";
    },
  });
}

/** Two workers set hooks up, one follows changes; some may die. */
export function hookState(kills: number): Model {
  return model<Context>({
    name: "hook state, 2 set up, 1 follows" + (kills ? `, ${kills} kill` : ""),
    doors: [...DOORS, STATE],
    constants: NO_RESCUE,
    kills,
    nameOf,
    setup: (lib, world) => workers(lib, world, 3),
    script: (worker) => [
      worker < 2
        ? step<Context>("set up", (lib, { m }) => {
          const state: typeof State = lib.module(STATE);
          state.enable(m);
        })
        : {
          ...step<Context>("follow", (lib, context) => {
            const state: typeof State = lib.module(STATE);
            context.n = state.isEnabled(context.m) ? 1 : 2;
          }),
          when: (world) => world.i32[X_CHANGES] > 0,
          optional: true,
        },
    ],
    final(world) {
      if (world.context(2).n === 2) return "changed, and no hooks";
      const isSet = world.i32[X_DEBUG] === 1 && world.i32[X_CHANGES] > 0;
      return isSet || kills > 0 ? "" : "nobody will follow";
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  fatal(0),
  fatal(1),
  hookState(0),
  hookState(1),
];
