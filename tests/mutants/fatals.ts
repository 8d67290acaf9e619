/**
 * Fatal errors as the first one, those that come later and who looks see them:
 * long texts, no text, damaged ones, and a worker without a thread state.
 *
 * @module
 */

import * as Allocators from "../../src/layout/allocators.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as Verdict from "../../src/layout/verdict.ts";
import * as Support from "../models/support.ts";
import type { Scene } from "./scene.ts";
import { type Question, Small } from "./small.ts";

/** What all workers can see of the verdict. */
function look(h: Small, s: Scene): void {
  const { Fatal } = Support.sync(s.lib);
  for (const m of [...h.workers, h.nobody]) {
    h.ask("look", () => [
      Fatal.isPoisoned(m),
      Fatal.isOwn(m),
      Fatal.verdict(m),
    ]);
    h.ask("check", () => Fatal.check(m));
  }
  s.note(h.i32.slice(Layout.VERDICT, Layout.NULL_RINGS));
  s.note("changes", h.i32[Layout.ALLOCATORS + Allocators.X_CHANGES]);
}

/** Texts: one that just fits, one that is cut, a short one, and none. */
const TEXTS = ["ab".repeat(252), "é".repeat(300), "abcde", ""];

function fatals(h: Small, s: Scene): void {
  const { Fatal, ParkingLot } = Support.sync(s.lib);
  const { ThreadStates } = Support.threads(s.lib);
  look(h, s);
  for (const text of TEXTS) {
    const other = new Small(s, h.clock.step);
    const [a, b, c] = other.workers;
    const { at } = other;
    ThreadStates.suspendDetached(a, c.slot);
    other.ask("sleeps", () => ParkingLot.park(b, at, 0, Infinity, 0));
    other.ask("judge", () => Fatal.judge(a, text));
    look(other, s);
    other.ask("first", () => Fatal.fatal(a, text));
    look(other, s);
    other.ask("second", () => Fatal.fatal(b, "too late"));
    look(other, s);
    for (const length of [-1, 0, 1, 2, Verdict.MAX_BYTES + 2]) {
      other.i32[Layout.VERDICT + Verdict.X_LENGTH] = length;
      other.ask(`length ${length}`, () => Fatal.verdict(b));
    }
  }
  h.ask("nobody", () => Fatal.fatal(h.nobody, "without a thread"));
  look(h, s);
}

/** Questions of the free-threaded build. */
export const FATAL_QUESTIONS: readonly Question[] = [fatals];
