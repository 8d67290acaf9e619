import { assertEquals, assertGreater } from "@std/assert";
import { ROOT } from "../checker/check.ts";
import { Loader } from "../checker/loader.ts";
import { machine } from "../checker/machine.ts";
import { write } from "../checker/programs.ts";
import { ends, program, PROGRAMS } from "../checker/soundness.ts";
import { Fleet, type Ran } from "./engine/fleet.ts";
import { Twins } from "./engine/load.ts";
import { planOf, sequential } from "./engine/plan.ts";
import { call, type Routine, type Scenario } from "./engine/scenario.ts";

interface Context {
  readonly views: readonly unknown[];
  got: number;
}

type Run = (...views: readonly unknown[]) => number;

/** A scenario of programs whose workers have functions `p<index>w<k>`. */
function scenarioOf(index: number, workers: number): Scenario<Context> {
  return {
    seed: index,
    name: `program ${index}`,
    doors: [PROGRAMS],
    setup(_lib, world) {
      const buffer = new SharedArrayBuffer(64);
      world.use(buffer);
      return Array.from({ length: workers }, () => ({
        views: [
          new Int32Array(buffer),
          new Uint8Array(buffer),
          new Int16Array(buffer),
          new BigInt64Array(buffer),
        ],
        got: 0,
      }));
    },
    script: (worker) => [{
      name: "run",
      *run(lib, context): Routine<void> {
        const all: Record<string, Run> = lib.module(PROGRAMS);
        context.got = yield* call(all, `p${index}w${worker}`, ...context.views);
      },
    }],
    digest: () => 0,
  };
}

/** The end that was just reached, as `soundness.ts` writes it. */
function endOf(fleet: Fleet): string {
  const got = Array.from(
    { length: fleet.workers },
    (_, k) => (fleet.context(k) as Context).got,
  );
  return `${fleet.i32.subarray(0, 8).join(" ")}: ${got.join(" ")}`;
}

/** Schedules of each program. Count. */
const SCHEDULES = 2000;
const SEED = 7;
const PROGRAM_COUNT = 40;
const EXTRA = ["tests/checker/fixtures"];

/** Programs for both engines. */
async function load() {
  const { text, programs } = write(SEED, PROGRAM_COUNT, true);
  const overrides = new Map([[PROGRAMS, text]]);
  const merged = new Loader(ROOT, EXTRA).load({ overrides });
  await merged.fetch([PROGRAMS]);
  merged.dispose();
  const twins = new Twins(overrides, EXTRA);
  return { programs, merged, lib: await twins.load([PROGRAMS], FINE) };
}
const FINE = { isFine: true };

/** Runs schedules without what happens to whole allocators only. */
function runAll(
  fleet: Fleet,
  index: number,
  hasRaces: boolean,
  each: (ran: Ran) => void,
): void {
  const { profiles } = fleet.profile(sequential());
  for (let n = 0; n < SCHEDULES; n++) {
    const plan = planOf(index, n, profiles, { kills: false, racesEvery: 1 });
    each(fleet.run({ ...plan, strays: 0, jumps: 0, hasRaces }));
  }
}

Deno.test("schedules reach the ends that the search finds, and no others", async () => {
  const { programs, merged, lib } = await load();
  const fleet = new Fleet();
  let equal = 0;
  for (const [k, one] of programs.entries()) {
    machine.prepare(program(k, one, true, false), merged);
    const wanted = ends(machine, true);
    assertEquals(wanted.isComplete, true);
    const found = new Set<string>();
    fleet.prepare(scenarioOf(k, one.workers), lib);
    runAll(fleet, k, false, (ran) => {
      assertEquals(ran.text, "");
      found.add(endOf(fleet));
    });
    assertEquals([...found].filter((end) => !wanted.found.has(end)), []);
    if (found.size === wanted.found.size) equal++;
  }
  assertGreater(equal, 35);
});

Deno.test("schedules race if the search says that they can", async () => {
  const { programs, merged, lib } = await load();
  const fleet = new Fleet();
  const racing: number[] = [];
  const wanted: number[] = [];
  for (const [k, one] of programs.entries()) {
    machine.prepare(program(k, one, false, false), merged);
    if (ends(machine, true).finding === "race") wanted.push(k);
    let hasRace = false;
    fleet.prepare(scenarioOf(k, one.workers), lib);
    runAll(fleet, k, true, (ran) => {
      if (ran.text.startsWith("race")) hasRace = true;
      else assertEquals(ran.text, "");
    });
    if (hasRace) racing.push(k);
  }
  assertEquals(racing, wanted);
});
