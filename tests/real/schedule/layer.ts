/**
 * The layer of scheduled real workers: every scenario by random schedules, by
 * PCT and depth first, then the schedules that have failed before, and a part
 * of all once more, which must repeat access by access.
 *
 * @module
 */

import type { Assignment, Layer, Row } from "../../verify/layer.ts";
import { carryOut, commandOf, NOTHING, orderFor, replayOf } from "./fleet.ts";
import type { Mode, Order, Outcome } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Schedules of a push for one unit of weight, in each mode. Count. */
const UNIT = 5000;
/** How much more a nightly run does. */
const NIGHTLY = 40;
/** Share of the schedules in each mode. */
const SHARES: Readonly<Record<Mode, number>> = { random: 2, pct: 1, dfs: 1 };
/** Schedules that are run twice to see that they repeat. Count. */
const REPEATED = 200;
/** Fleets that run at the same time. Count. */
const FLEETS = 2;
/** Most schedules of one order, so that memory of the process stays small. */
const ORDER_MAX = 100000;

/** Schedules that have found a bug before. */
export const REGRESSIONS: readonly Order[] = [
  // Supply.claim() took a page that had gone back to its arena meanwhile.
  orderFor("exit and adopt", { mode: "pct", from: 9700, count: 100 }),
  orderFor("exit and adopt", { from: 7700, count: 100 }),
];

/** What was done for one row. */
interface Tally {
  orders: number;
  schedules: number;
  seconds: number;
  notes: string[];
}

/** Carries orders out, some at a time, and adds up what came out. */
async function tally(orders: readonly Order[]): Promise<Tally> {
  const sum: Tally = { orders: 0, schedules: 0, seconds: 0, notes: [] };
  const waiting = [...orders];
  async function work(): Promise<void> {
    for (let order = waiting.shift(); order; order = waiting.shift()) {
      const outcome = await tried(order);
      sum.orders++;
      sum.schedules += outcome.schedules;
      sum.notes.push(...faultsOf(order, outcome));
    }
  }
  const start = performance.now();
  await Promise.all(Array.from({ length: FLEETS }, work));
  sum.seconds = (performance.now() - start) / 1000;
  return sum;
}

/** The outcome of an order; one that does not end is a finding as well. */
async function tried(order: Order): Promise<Outcome> {
  try {
    return await carryOut(order);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { ...NOTHING, found };
  }
}

function faultsOf(order: Order, outcome: Outcome): string[] {
  if (outcome.found === "") return [];
  const what = outcome.found.split("\n")[0];
  return [`${what}; to repeat: ${commandOf(replayOf(order, outcome))}`];
}

/** The orders of a scenario in a budget. */
export function ordersOf(
  scenario: Scenario,
  { budget, seed }: Pick<Assignment, "budget" | "seed">,
): Order[] {
  const times = budget === "nightly" ? NIGHTLY : 1;
  const orders: Order[] = [];
  for (const mode of ["random", "pct", "dfs"] as const) {
    const count = scenario.weight * UNIT * SHARES[mode] * times / 2;
    // DFS cannot be cut into parts: each begins with the first path.
    const most = mode === "dfs" ? count : ORDER_MAX;
    for (let from = 0; from < count; from += most) {
      orders.push(orderFor(scenario.name, {
        mode,
        seed,
        from,
        count: Math.min(most, count - from),
      }));
    }
  }
  return orders;
}

function rowOf(name: string, sum: Tally): Row {
  return {
    name,
    ok: sum.notes.length === 0,
    runs: sum.schedules,
    seconds: sum.seconds,
    ...sum.notes.length > 0 && { note: sum.notes.join("\n") },
  };
}

/** Runs some schedules of all scenarios twice. */
async function repeat(seed: number): Promise<Row> {
  const orders = SCENARIOS.filter(({ weight }) => weight > 0)
    .map(({ name }) => orderFor(name, { seed, count: REPEATED }));
  const start = performance.now();
  const faults: string[] = [];
  let schedules = 0;
  for (const order of orders) {
    const [a, b] = await Promise.all([tried(order), tried(order)]);
    schedules += a.schedules + b.schedules;
    if (a.hash === b.hash && a.steps === b.steps) continue;
    faults.push(`not the same twice: ${commandOf(order)}`);
  }
  const seconds = (performance.now() - start) / 1000;
  return rowOf("repeat", { orders: 0, schedules, seconds, notes: faults });
}

async function run(assignment: Assignment): Promise<void> {
  const { only, seed } = assignment;
  for (const scenario of SCENARIOS) {
    const { name, weight } = scenario;
    if (weight === 0 || !name.includes(only)) continue;
    assignment.report(
      rowOf(name, await tally(ordersOf(scenario, assignment))),
    );
  }
  if ("past failures".includes(only)) {
    assignment.report(rowOf("past failures", await tally(REGRESSIONS)));
  }
  if ("repeat".includes(only)) assignment.report(await repeat(seed));
}

/** Real workers under a deterministic schedule. */
export const scheduleLayer: Layer = {
  name: "schedules",
  title: "Real workers, untouched modules, one deterministic schedule",
  run,
};
