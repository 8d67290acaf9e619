/**
 * Orders for scheduled fleets: each runs in a process of its own, because a
 * fleet that is stuck cannot be ended in any other way.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { ask } from "../../platform/ask.ts";
import type { Order, Outcome } from "./run.ts";

const RUN = new URL("./run.ts", import.meta.url);
/** Time of an order at most. Milliseconds. */
const ORDER_MS = 120000;

/** What comes out of no schedules. */
export const NOTHING: Outcome = {
  found: "",
  schedules: 0,
  index: 0,
  steps: 0,
  switches: 0,
  hash: 0,
  exhausted: false,
  path: [],
  seconds: 0,
};

/** An order with what is left out filled in. */
export function orderFor(
  scenario: string,
  order: Partial<Order> = {},
): Order {
  return {
    scenario,
    mode: "random",
    seed: 1,
    from: 0,
    count: 1000,
    bound: 3,
    path: [],
    trace: false,
    ...order,
  };
}

function argsOf(order: Order): string[] {
  const args = [
    ["--scenario", order.scenario],
    ["--mode", order.mode],
    [`--seed=${order.seed}`],
    ["--from", `${order.from}`],
    ["--count", `${order.count}`],
    ["--bound", `${order.bound}`],
  ].flat();
  if (order.path.length > 0) args.push("--path", order.path.join(","));
  if (order.trace) args.push("--trace");
  return args;
}

/**
 * Runs an order.
 *
 * @throws {Error} If it does not end in time.
 */
export async function carryOut(order: Order): Promise<Outcome> {
  const args = ["run", "-A", "--no-check", fileURLToPath(RUN)];
  const answer = await ask(
    Deno.execPath(),
    [...args, ...argsOf(order)],
    ORDER_MS,
  );
  return { ...NOTHING, ...answer };
}

/** The order that repeats the schedule in which something was found. */
export function replayOf(order: Order, outcome: Outcome): Order {
  return order.mode === "dfs"
    ? { ...order, from: 0, count: 1, path: outcome.path }
    : { ...order, from: outcome.index, count: 1 };
}

/** The command that carries an order out, and prints its accesses. */
export function commandOf(order: Order): string {
  const args = argsOf({ ...order, trace: true })
    .map((arg) => /[ ,:]/.test(arg) ? `"${arg}"` : arg);
  return `deno run -A tests/real/schedule/run.ts ${args.join(" ")}`;
}
