/**
 * The steps of a worker, from attaching to the last report.
 *
 * ## Invariants
 *   W1  a worker reports exactly once that it is done, whatever happens
 *   W2  a worker that fails raises the stop flag before it reports
 *
 * ## Threads
 *   Runs in the worker, without ever yielding to its event loop. Between two
 *   steps there is a safe point.
 *
 * @module
 */

import { Actor, type Order } from "./actor.ts";
import { Board, FAILED, OPS, RUN, STEP } from "./board.ts";
import { type Finding, FindingError, Interrupted } from "./finding.ts";
import * as Dicts from "./steps/dicts.ts";
import * as Lists from "./steps/lists.ts";
import * as References from "./steps/references.ts";
import * as Rings from "./steps/rings.ts";
import * as Sets from "./steps/sets.ts";
import * as Threads from "./steps/threads.ts";
import * as Weakrefs from "./steps/weakrefs.ts";

/** A step: its name, how often it is taken, what it does. */
type Step = readonly [string, number, (actor: Actor) => void];

/** All steps. */
const STEPS: readonly Step[] = [
  ["make", 400, References.make],
  ["drop", 300, References.drop],
  ["double", 400, References.double],
  ["touch", 400, References.touch],
  ["exchange", 700, References.exchange],
  ["append to a list", 400, Lists.append],
  ["insert into a list", 200, Lists.insert],
  ["get from a list", 700, Lists.get],
  ["set in a list", 300, Lists.set],
  ["pop from a list", 450, Lists.pop],
  ["slice a list", 100, Lists.slice],
  ["rearrange a list", 40, Lists.rearrange],
  ["set in a dict", 400, Dicts.set],
  ["set a default in a dict", 150, Dicts.setDefault],
  ["get from a dict", 700, Dicts.get],
  ["pop from a dict", 300, Dicts.pop],
  ["iterate over a dict", 60, Dicts.iterate],
  ["use a whole dict", 30, Dicts.whole],
  ["add to a set", 350, Sets.add],
  ["discard from a set", 350, Sets.discard],
  ["pop from a set", 150, Sets.pop],
  ["iterate over a set", 60, Sets.iterate],
  ["combine sets", 30, Sets.combine],
  ["link a ring", 120, Rings.link],
  ["name weakly", 80, Weakrefs.name],
  ["follow a weak reference", 250, Weakrefs.follow],
  ["pause", 20, Threads.pause],
  ["collect", 1, Threads.collect],
  ["be reborn", 1, Threads.reborn],
];

/** Numbers of steps, each as often as it is taken. */
const CHOICES = STEPS.flatMap(([, weight], k) => Array<number>(weight).fill(k));
/** Steps between two looks whether to end. Count. */
const LOOK_EVERY = 32;

/** What a worker is doing, in words. */
export function nameOfStep(step: number): string {
  return STEPS[step]?.[0] ?? "nothing";
}

/**
 * Does what a worker is told.
 *
 * @returns What it found, or undefined.
 */
export function work(order: Order): Finding | undefined {
  const board = new Board(order.board, order.workers);
  let actor: Actor | undefined;
  let found: Finding | undefined;
  try {
    actor = new Actor(order);
    live(actor);
    board.i32[actor.record + STEP] = -1;
    actor.heap.close();
  } catch (error) {
    // After a finding of another worker the heap may be past everything.
    if (board.stop !== FAILED) found = judge(error, order, board);
    board.raiseStop(FAILED);
    if (actor !== undefined) letGo(actor);
  }
  return found;
}

/** Keeps nobody from ending: gives the GIL up, and is not waited for. */
function letGo({ heap }: Actor): void {
  try {
    heap.threads.detach();
  } catch {
    // It was detached, or the heap is past that; the finding says enough.
  }
}

/** Takes steps until it is told to end. */
function live(actor: Actor): void {
  const { board, order, random, record } = actor;
  const { i32 } = board;
  for (let k = 0; order.ops === 0 || k < order.ops; k++) {
    if (k % LOOK_EVERY === 0 && board.stop !== RUN) {
      if (board.stop === FAILED) throw new Interrupted();
      return;
    }
    const step = CHOICES[random.below(CHOICES.length)];
    i32[record + STEP] = step;
    STEPS[step][2](actor);
    if (actor.trouble !== "") actor.fail("recycled", actor.trouble);
    i32[record + OPS]++;
    actor.heap.threads.safePoint();
  }
}

/** What an error says, or undefined if another worker has said it. */
function judge(
  error: unknown,
  order: Order,
  board: Board,
): Finding | undefined {
  if (error instanceof FindingError) return error.finding;
  if (error instanceof Interrupted) return undefined;
  const record = board.record(order.worker);
  const stack = error instanceof Error ? error.stack : undefined;
  const text = `In the step "${nameOfStep(board.i32[record + STEP])}": ` +
    (stack ?? String(error));
  const op = board.i32[record + OPS];
  return { kind: "error", text, worker: order.worker, op };
}
