/**
 * The checker checked: numbers of schedules, and random programs whose ends
 * are compared with those of every single schedule.
 *
 * @module
 */

import { explore, loader, ROOT } from "./check.ts";
import { Loader } from "./loader.ts";
import { type Machine, machine } from "./machine.ts";
import { type Model, step } from "./model.ts";
import { type Program, write } from "./programs.ts";

const BUGS = "tests/checker/fixtures/bugs.ts";
/** Where the text of the random programs goes. */
export const PROGRAMS = "tests/checker/fixtures/programs.ts";

/** Operations of each worker, and how many ways there are to mix them. */
export const MULTINOMIALS: readonly (readonly [readonly number[], number])[] = [
  [[3, 3], 20],
  [[4, 4], 70],
  [[2, 2, 2], 90],
  [[3, 3, 3], 1680],
  [[8, 8], 12870],
  [[2, 2, 2, 2], 2520],
  [[4, 4, 4], 34650],
];

/** Schedules of workers that each do so many operations on one word. */
export async function schedules(
  operations: readonly number[],
): Promise<number> {
  const library = loader().load();
  await library.fetch([BUGS]);
  library.dispose();
  const model: Model = {
    name: "additions",
    doors: [BUGS],
    setup(_lib, world) {
      const buffer = new SharedArrayBuffer(64);
      world.use(buffer);
      return operations.map(() => ({ i32: new Int32Array(buffer) }));
    },
    script: (worker) => [
      step("add", (lib, { i32 }) => {
        lib.module(BUGS).addOften(i32, 1, operations[worker]);
      }),
    ],
  };
  machine.prepare(model, library);
  return explore(machine, { stateful: false }).ends;
}

/** Context of a random program. */
interface Context {
  readonly views: readonly unknown[];
  got: number;
}

/** The model of a random program. With `racy`, all accesses are transitions. */
export function program(
  index: number,
  { workers }: Program,
  racy: boolean,
  isBrute: boolean,
): Model {
  return {
    name: `program ${index}`,
    doors: [PROGRAMS],
    races: !racy,
    ...(racy ? { racy: () => true } : {}),
    ...(isBrute ? { guarded: () => true } : {}),
    setup(_lib, world) {
      const buffer = new SharedArrayBuffer(64);
      world.use(buffer);
      const views = () => [
        new Int32Array(buffer),
        new Uint8Array(buffer),
        new Int16Array(buffer),
        new BigInt64Array(buffer),
      ];
      return Array.from(
        { length: workers },
        () => ({ views: views(), got: 0 }),
      );
    },
    script: (worker) => [
      step<Context>("run", (lib, context) => {
        const run = lib.module(PROGRAMS)[`p${index}w${worker}`];
        context.got = run(...context.views);
      }),
    ],
  };
}

/** All ends of the model that the machine is set up for, by a search. */
export function ends(m: Machine, stateful: boolean): Ends {
  const found = new Set<string>();
  m.remembers = stateful;
  let result: ReturnType<typeof explore>;
  let learned: Set<string>;
  do {
    learned = new Set();
    result = explore(m, {
      stateful,
      limit: 3_000_000,
      onEnd: () => learned.add(endOf(m)),
    });
  } while (result.rounds > 1);
  for (const one of learned) found.add(one);
  m.remembers = true;
  const { isComplete, transitions, finding } = result;
  return { found, isComplete, transitions, finding: finding?.kind ?? "" };
}

/** What a search found at the ends of a program. */
export interface Ends {
  /** Words and results, as text. */
  readonly found: ReadonlySet<string>;
  /** Whether all was searched. */
  readonly isComplete: boolean;
  /** Transitions of the search. */
  readonly transitions: number;
  /** Kind of what is wrong, or `""`. */
  readonly finding: string;
}

function endOf(m: Machine): string {
  const words = m.store.words.subarray(0, 8).join(" ");
  const got = m.workers.map((state) => state.snapshot.values[0]);
  return `${words}: ${got.join(" ")}`;
}

/** How the comparison went. */
export interface Compared {
  /** Programs with equal ends. */
  equal: number;
  /** Programs that were too large to run every schedule. */
  skipped: number;
  /** Programs with a race, where ends are not compared. */
  racing: number;
  /** Transitions of both searches. */
  merged: number;
  /** Transitions of running every schedule. */
  brute: number;
  /** What differs. */
  readonly differences: string[];
}

/**
 * Compares the ends of random programs. With `racy`, each plain access is a
 * transition of its own in both; without, programs that the checker says to
 * have no race must have the ends that they have with all accesses visible.
 */
export async function compare(
  seed: number,
  count: number,
  racy: boolean,
): Promise<Compared> {
  const { text, programs } = write(seed, count, true);
  const own = new Loader(ROOT, ["tests/checker/fixtures"]);
  const overrides = new Map([[PROGRAMS, text]]);
  const merged = own.load({ overrides });
  const plain = own.load({ overrides, merge: false });
  await merged.fetch([PROGRAMS]);
  await plain.fetch([PROGRAMS]);
  merged.dispose();
  plain.dispose();
  const total: Compared = {
    equal: 0,
    skipped: 0,
    racing: 0,
    merged: 0,
    brute: 0,
    differences: [],
  };
  programs.forEach((one, k) => {
    machine.prepare(program(k, one, racy, false), merged);
    const fast = ends(machine, true);
    total.merged += fast.transitions;
    if (fast.finding === "race") {
      total.racing++;
      return;
    }
    machine.prepare(program(k, one, true, true), plain);
    const brute = ends(machine, false);
    total.brute += brute.transitions;
    if (!brute.isComplete) total.skipped++;
    else if (isEqual(fast.found, brute.found)) total.equal++;
    else total.differences.push(`seed ${seed}, program ${k}`);
  });
  return total;
}

function isEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}

/** The long form of the comparison: so many batches of 100 programs. */
export async function compareAll(
  seed: number,
  batches: number,
  racy: boolean,
): Promise<Compared> {
  const total: Compared = {
    equal: 0,
    skipped: 0,
    racing: 0,
    merged: 0,
    brute: 0,
    differences: [],
  };
  for (let k = 0; k < batches; k++) {
    const one = await compare(seed + k, 100, racy);
    total.equal += one.equal;
    total.skipped += one.skipped;
    total.racing += one.racing;
    total.merged += one.merged;
    total.brute += one.brute;
    total.differences.push(...one.differences);
  }
  return total;
}
