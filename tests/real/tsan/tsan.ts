/**
 * Runs scripts of several real workers under the race detector.
 *
 * The modules are those of the library, transformed as the model checker does
 * it, with hooks that keep happens-before (`hooks.ts`).
 *
 * ## Threads
 *   See `shadow.ts`; this thread only waits.
 *
 * @module
 */

import { createHeap } from "../../../mod.ts";
import { type Library, Loader } from "../../checker/loader.ts";
import { Fleet } from "../../helpers/workers.ts";
import type { Assignment, Layer, Row } from "../../verify/layer.ts";
import { type Race, SHIFT } from "./shadow.ts";
import type { Call, Setting } from "./tsan_worker.ts";

const ROOT = new URL("../../../", import.meta.url);
const SCRIPTS = "tests/real/tsan/scripts.ts";
const ENTRY = new URL("./tsan_worker.ts", import.meta.url);
const HOOKS = new URL("./hooks.ts", import.meta.url).href;
/** Size of the heap. Bytes. */
const HEAP_BYTES = 8 * 1024 * 1024;
/** Time of a script at most. Milliseconds. */
const SCRIPT_MS = 120000;

/** Reads that may be old news and say so nowhere: file, text, and why. */
const RACY_PLACES: readonly (readonly [string, string, string])[] = [
  [
    "src/domains/describe.ts",
    "i32[pool + PoolRecord.NEXTOFFSET]",
    "it only grows, and was beyond a block before its address was known",
  ],
];

/** What is to be run. */
export interface Order {
  readonly script: "churn" | "badLock" | "spinLock" | "mutex" | "plainFlag";
  readonly build: "gil" | "free-threaded";
  readonly workers: number;
  readonly rounds: number;
  readonly seed: number;
}

/** The transformed library, in a folder that `using` removes. */
export class Transformed implements Disposable {
  /** Address of the scripts. */
  readonly scripts: string;
  readonly #folder: string;
  readonly #library: Library;

  /**
   * Transforms the library.
   *
   * @param overrides Texts that replace those of files: planted bugs.
   */
  constructor(overrides: ReadonlyMap<string, string> = new Map()) {
    const loader = new Loader(ROOT, [SCRIPTS]);
    const options = { merge: false, overrides };
    this.#library = loader.load(options);
    this.#folder = Deno.makeTempDirSync({ prefix: "tsan-" });
    for (const [path, text] of loader.outputs(options)) {
      const target = `${this.#folder}/${path.replace(/\.ts$/, ".js")}`;
      Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), {
        recursive: true,
      });
      Deno.writeTextFileSync(target, withHooks(text));
    }
    const script = SCRIPTS.replace(/\.ts$/, ".js");
    this.scripts = `file://${this.#folder}/${script}`;
  }

  /** Place in the source of a site. */
  placeOf(site: number): string {
    const { path, line, text } = this.#library.sites[site >> 1];
    return `${path}:${line} ${text}`;
  }

  /** Whether the access at a site may be a race by design. */
  isRacy(site: number): boolean {
    const { path, text } = this.#library.sites[site >> 1];
    return RACY_PLACES.some(([file, access]) =>
      file === path && access === text
    );
  }

  /** Removes the folders. */
  [Symbol.dispose](): void {
    this.#library.dispose();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Takes the hooks from here and not from the model checker. */
function withHooks(text: string): string {
  const changed = text.replace(
    /^import \{([^}]*)\} from "[^"]*";/,
    (_, names) => `import {${names}} from ${JSON.stringify(HOOKS)};`,
  );
  if (!changed.includes(HOOKS)) throw new Error("No hooks are imported");
  return changed;
}

/** Runs an order. Returns the races, each in one sentence. */
export async function detect(
  order: Order,
  library: Transformed,
): Promise<string[]> {
  const heap = createHeap({ build: order.build, maxBytes: HEAP_BYTES });
  const words = heap.raw.calloc(64, 4) >>> 2;
  heap.threads.detach();
  const { buffer } = heap;
  const shadow = new Int32Array(
    new SharedArrayBuffer((HEAP_BYTES / 4) << (SHIFT + 2)),
  );
  await using fleet = await Fleet.start(ENTRY, order.workers);
  await fleet.askAll("bind", (me): Setting => ({
    scripts: library.scripts,
    buffer,
    shadow,
    me,
  }));
  await untilReady(fleet);
  const { script, rounds, seed } = order;
  const found = await fleet.askAll<Race[]>("run", (me): Call => ({
    script,
    job: { seed, me, rounds, words, workers: order.workers },
  }), SCRIPT_MS);
  const races = found.flat()
    .filter(({ site, other }) => ![site, other].some(library.isRacy, library))
    .map((race) => textOf(race, library));
  return [...new Set(races)];
}

/** Waits until all workers have loaded the scripts. */
async function untilReady(fleet: Fleet): Promise<void> {
  const deadline = performance.now() + 20000;
  while (true) {
    const ready = await fleet.askAll<boolean>("isReady", () => null);
    if (ready.every((one) => one)) return;
    if (performance.now() > deadline) throw new Error("Scripts do not load");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function textOf(race: Race, library: Transformed): string {
  const { kind, at, site, other } = race;
  return `${kind} of word ${at}: ${library.placeOf(site)} and ` +
    library.placeOf(other);
}

/** Rows of the layer. Rounds are those of a push. */
const ROWS: readonly Omit<Order, "seed">[] = [
  { script: "spinLock", build: "free-threaded", workers: 2, rounds: 20000 },
  { script: "mutex", build: "free-threaded", workers: 3, rounds: 10000 },
  { script: "churn", build: "free-threaded", workers: 2, rounds: 300 },
  { script: "churn", build: "free-threaded", workers: 4, rounds: 150 },
  { script: "churn", build: "gil", workers: 3, rounds: 100 },
];

/** The races of an order; what a script throws is a finding as well. */
async function tried(order: Order, library: Transformed): Promise<string[]> {
  try {
    return await detect(order, library);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

async function run(assignment: Assignment): Promise<void> {
  const { budget, seed, only, report } = assignment;
  using library = new Transformed();
  for (const row of ROWS) {
    const { script, build, workers } = row;
    const name = `${script}, ${build}, ${workers} workers`;
    if (!name.includes(only)) continue;
    const rounds = row.rounds * (budget === "nightly" ? 30 : 1);
    const start = performance.now();
    const races = await tried({ ...row, seed, rounds }, library);
    const result: Row = {
      name,
      ok: races.length === 0,
      runs: rounds * workers,
      unit: "rounds",
      seconds: (performance.now() - start) / 1000,
      ...races.length > 0 && { note: `seed ${seed}: ${races.join("; ")}` },
    };
    report(result);
  }
}

/** Data races of real workers in parallel. */
export const tsanLayer: Layer = {
  name: "races",
  title: "Happens-before of all accesses of real workers in parallel",
  run,
};
