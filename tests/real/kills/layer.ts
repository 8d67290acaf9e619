/**
 * The layer of real kills: workers die in every way that there is, in both
 * builds, while another one goes on.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { ask } from "../../platform/ask.ts";
import type { Assignment, Layer, Row } from "../../verify/layer.ts";
import { hasNode, makeNodeFolder } from "./node.ts";
import type { Canary, Outcome } from "./run.ts";

const RUN = fileURLToPath(new URL("./run.ts", import.meta.url));
/** Time of one death at most, and of the rest. Milliseconds. */
const DEATH_MS = 1500;
const REST_MS = 20000;
/** Rows that run at the same time. Count. */
const RUNS = 2;

/** Ways to die. `node` is the terminate() of Node. */
export const WAYS = ["kill", "close", "throw", "overflow", "node"] as const;
/** Both builds. */
export const BUILDS = ["gil", "free-threaded"] as const;

/** Workers that are to die. */
export interface Order {
  readonly how: typeof WAYS[number];
  readonly build: typeof BUILDS[number];
  readonly deaths: number;
  readonly seed: number;
  readonly canary?: Canary;
}

function argsOf({ how, build, deaths, seed, canary }: Order): string[] {
  return [
    ["--how", how === "node" ? "kill" : how],
    ["--build", build],
    ["--deaths", `${deaths}`],
    [`--seed=${seed}`],
    canary ? ["--canary", canary] : [],
  ].flat();
}

/** The command that repeats an order. */
export function commandOf(order: Order): string {
  const how = order.how === "node" ? "(in Node) " : "";
  return `${how}deno run -A tests/real/kills/run.ts ${argsOf(order).join(" ")}`;
}

/** Carries an order out, in a process of its own. */
export async function carryOut(
  order: Order,
  nodeFolder: string,
): Promise<Outcome> {
  const timeoutMs = order.deaths * DEATH_MS + REST_MS;
  const args = argsOf(order);
  const answer = order.how === "node"
    ? await ask(
      "node",
      [`${nodeFolder}/tests/real/kills/run.js`, ...args],
      timeoutMs,
    )
    : await ask(
      Deno.execPath(),
      ["run", "-A", "--no-check", RUN, ...args],
      timeoutMs,
    );
  return { ...NOTHING, ...answer };
}

/** What comes out where nobody dies. */
const NOTHING: Outcome = {
  found: "",
  deaths: 0,
  hadGil: 0,
  held: 0,
  pools: 0,
  adopted: 0,
  underWay: 0,
  leaked: 0,
  lost: 0,
  slotMax: 0,
  survived: 0,
  seconds: 0,
};

/** The outcome of an order; one that does not end is a finding as well. */
async function tried(order: Order, nodeFolder: string): Promise<Outcome> {
  try {
    return await carryOut(order, nodeFolder);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { ...NOTHING, found };
  }
}

function rowOf(order: Order, outcome: Outcome): Row {
  const { found, deaths, adopted, held, leaked, hadGil } = outcome;
  const gil = order.build === "gil" ? `, ${hadGil} with the GIL` : "";
  return {
    name: `${order.how}, ${order.build}`,
    ok: found === "" && deaths === order.deaths,
    kills: deaths,
    runs: outcome.survived,
    unit: "operations",
    seconds: outcome.seconds,
    note: found === ""
      ? `${adopted} pools adopted, ${held} blocks handed on, ` +
        `${leaked} leaked${gil}`
      : `${found}; to repeat: ${commandOf(order)}`,
  };
}

/** Deaths of each row. Push: 104 in all, nightly: 5,000. */
function deathsOf(how: Order["how"], budget: Assignment["budget"]): number {
  if (budget === "push") return how === "kill" ? 16 : 9;
  return how === "kill" ? 900 : 400;
}

async function run(assignment: Assignment): Promise<void> {
  const { budget, seed, only, report } = assignment;
  const orders: Order[] = WAYS.flatMap((how) =>
    BUILDS.map((build) => ({ how, build, seed, deaths: deathsOf(how, budget) }))
  ).filter(({ how, build }) => `${how}, ${build}`.includes(only));
  const folder = hasNode() ? makeNodeFolder() : "";
  async function work(): Promise<void> {
    for (let order = orders.shift(); order; order = orders.shift()) {
      if (order.how === "node" && folder === "") {
        report({
          name: "node",
          ok: true,
          seconds: 0,
          note: "there is no Node",
        });
      } else report(rowOf(order, await tried(order, folder)));
    }
  }
  try {
    await Promise.all(Array.from({ length: RUNS }, work));
  } finally {
    if (folder !== "") Deno.removeSync(folder, { recursive: true });
  }
}

/** Real deaths of real workers, and their recovery. */
export const killLayer: Layer = {
  name: "kills",
  title: "Real workers die at work and are recovered, the others go on",
  run,
};
