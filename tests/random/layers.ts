/**
 * Random schedules of whole allocators, as a layer of the verification.
 *
 * ## Threads
 *   None of its own: two processes that run seeds.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Assignment, Layer } from "../verify/layer.ts";
import type { Outcome } from "./run.ts";

const MAIN = fileURLToPath(new URL("./run.ts", import.meta.url));

/** Processes at a time. Count. */
const SIZE = 2;
/** Schedules of a seed. Count. */
const SCHEDULES = 100;
/** Seconds of each process. */
const PUSH_SECONDS = 75;
const NIGHTLY_SECONDS = 3600;
/** Distance of the first seeds of two processes. */
const APART = 1_000_000;
/** How much longer than it should a process may take. Milliseconds. */
const GRACE_MS = 60_000;

async function outcomeOf(from: number, seconds: number): Promise<Outcome> {
  const args = ["run", "-A", "--no-check", MAIN, "--json"];
  args.push("--from", `${from}`, "--count", `${APART}`);
  args.push("--schedules", `${SCHEDULES}`, "--seconds", `${seconds}`);
  const child = new Deno.Command(Deno.execPath(), {
    args,
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(seconds * 1000 + GRACE_MS),
  });
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout).trim();
  if (text !== "") return JSON.parse(text);
  const error = new TextDecoder().decode(stderr).slice(-1000);
  const note = `a process ended without a result (it may hang): ${error}\n` +
    `to repeat: deno run -A tests/random/run.ts --from ${from} --count 1000`;
  return {
    seeds: 0,
    schedules: 0,
    transitions: 0,
    cut: 0,
    kills: 0,
    seconds,
    notes: [note],
  };
}

async function run({ budget, seed, only, report }: Assignment): Promise<void> {
  const name = "whole allocators, swarm";
  if (!name.includes(only)) return;
  const start = performance.now();
  const seconds = budget === "push" ? PUSH_SECONDS : NIGHTLY_SECONDS;
  const outcomes = await Promise.all(
    Array.from(
      { length: SIZE },
      (_, k) => outcomeOf(1 + seed * 1000 + k * APART, seconds),
    ),
  );
  const sum = (pick: (one: Outcome) => number): number =>
    outcomes.reduce((total, one) => total + pick(one), 0);
  const notes = outcomes.flatMap((one) => one.notes);
  report({
    name,
    ok: notes.length === 0,
    runs: sum((one) => one.schedules),
    unit: "schedules",
    kills: sum((one) => one.kills),
    seconds: (performance.now() - start) / 1000,
    note: notes.join("\n") ||
      `${sum((one) => one.seeds)} scenarios, ` +
        `${sum((one) => one.transitions)} steps, ` +
        `${sum((one) => one.cut)} schedules cut`,
  });
}

/** Random schedules. */
export const randomLayers: Layer[] = [{
  name: "random",
  title: "Whole allocators with drawn features under random and PCT schedules",
  run,
}];
