/**
 * CPython's own pymalloc as an oracle: random scripts of calls, replayed there
 * and here, place by place.
 *
 *     deno run -A tests/fuzz/differential/oracle.ts SEED SCRIPTS CALLS
 *
 * Needs a C compiler and a Python with its headers and library; where they are
 * not, `Oracle.open()` says what is missing. `tests/traces/oracle.c` replays a
 * trace on libpython and prints what it expects.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import * as PageMap from "../../../src/layout/page_map.ts";
import * as Replay from "../../../src/tools/replay.ts";
import * as Trace from "../../../src/tools/trace.ts";
import { Prng } from "../../helpers/prng.ts";

const SOURCE = fileURLToPath(
  new URL("../../traces/oracle.c", import.meta.url),
);
/** Asks Python for what the compiler must be told; pads nothing. */
const ASK_FLAGS = `import json, sysconfig as s
v = s.get_config_var
print(json.dumps([s.get_paths()["include"], v("LIBDIR"), v("LDVERSION"), v("LIBS") or ""]))`;

/** What a program printed, or `undefined` if it failed or is not there. */
export function outputOf(name: string, args: string[]): string | undefined {
  try {
    const { success, stdout } = new Deno.Command(name, { args }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

/** A script of calls of one domain. */
export function scriptOf(
  seed: number,
  number: number,
  calls: number,
  domain: number,
): Trace.Trace {
  const random = new Prng(seed, number, domain);
  const writer = new Trace.TraceWriter();
  const live: number[] = [];
  const classes = 1 + random.below(32);
  let grows = 60;
  for (let call = 0; call < calls; call++) {
    if (random.below(calls) < 12) grows = 20 + random.below(70);
    const size = random.chance(95)
      ? Math.max(0, (1 + random.below(classes)) * 16 - random.below(16))
      : random.logarithmic(1, 5000);
    const dice = random.below(100);
    if (live.length === 0 || dice < grows) {
      const isCalloc = random.chance(20);
      live.push(
        isCalloc ? writer.calloc(domain, size) : writer.malloc(domain, size),
      );
    } else if (dice % 7 === 0) {
      writer.realloc(random.pick(live), size);
    } else {
      const at = random.chance(50)
        ? live.length - 1
        : random.below(live.length);
      writer.free(live[at]);
      live[at] = live[live.length - 1];
      live.pop();
    }
  }
  return writer.trace(`script_${seed}_${number}.pmtr`);
}

/** The oracle, compiled into a folder of its own. */
export class Oracle implements Disposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The oracle, or why there is none. */
  static open(): Oracle | string {
    const text = outputOf("python3", ["-c", ASK_FLAGS]);
    if (text === undefined) return "no python3";
    const [include, lib, version, libs] = JSON.parse(text) as string[];
    const folder = Deno.makeTempDirSync({ prefix: "oracle" });
    const args = ["-O2", SOURCE, `-I${include}`, `-L${lib}`];
    args.push(`-Wl,-rpath,${lib}`, `-lpython${version}`);
    args.push(...libs.split(" ").filter((each) => each !== ""), "-lm");
    args.push("-o", `${folder}/oracle`);
    if (outputOf("cc", args) !== undefined) return new Oracle(folder);
    Deno.removeSync(folder, { recursive: true });
    return "no C compiler, or no libpython to link with";
  }

  /** What CPython does with a script. */
  expect(trace: Trace.Trace, mask: number): Replay.Expected {
    const path = `${this.#folder}/${trace.name}`;
    Trace.writeTrace(path, trace);
    const text = outputOf(`${this.#folder}/oracle`, [path, `${mask}`, "64"]);
    Deno.removeSync(path);
    if (text === undefined) throw new Error(`The oracle failed on ${path}`);
    return Replay.parseExpected(text);
  }

  /** Removes the folder. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** What differs between CPython and here for a script, or `""`. */
export function differenceOf(
  oracle: Oracle,
  trace: Trace.Trace,
  domain: number,
  change: (expected: Replay.Expected) => Replay.Expected = (same) => same,
): string {
  const mask = 1 << domain;
  const expected = change(oracle.expect(trace, mask));
  const replay = Replay.replayTrace(trace, { domains: mask, rounds: 0 });
  return Replay.differences(trace, replay, expected).join("; ");
}

/** What a run found. */
export interface DifferentialRun {
  /** Calls that were compared. Count. */
  calls: number;
  /** What differs, with the script, or `""`; or why nothing was compared. */
  note: string;
  /** True if there was an oracle. */
  isCompared: boolean;
}

/** Compares random scripts of MEM and OBJ until one differs. */
export function compare(
  seed: number,
  scripts: number,
  calls: number,
): DifferentialRun {
  const opened = Oracle.open();
  if (typeof opened === "string") {
    return { calls: 0, note: `skipped: ${opened}`, isCompared: false };
  }
  using oracle = opened;
  let done = 0;
  for (let number = 0; number < scripts; number++) {
    const domain = number % 2 === 0 ? PageMap.OBJ : PageMap.MEM;
    const trace = scriptOf(seed, number, calls, domain);
    const text = differenceOf(oracle, trace, domain);
    done += calls;
    if (text === "") continue;
    const note = `script ${number}, domain ${domain}: ${text.slice(0, 300)}; ` +
      `deno run -A tests/fuzz/differential/oracle.ts ${seed} ` +
      `${number + 1} ${calls}`;
    return { calls: done, note, isCompared: true };
  }
  return { calls: done, note: "", isCompared: true };
}

if (import.meta.main) {
  const [seed, scripts, calls] = Deno.args.map(Number);
  console.log(compare(seed, scripts, calls));
}
