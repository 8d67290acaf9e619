/**
 * The op-byte fuzzer: random programs, shrinking of those that find something,
 * and the replay of one:
 *
 *     deno run -A tests/fuzz/ops/fuzz.ts --build gil --seed 7 --calls 1e8
 *     deno run -A tests/fuzz/ops/fuzz.ts --build gil --hex 0800ff10…
 *
 * `--thorough` looks at every byte; `--bug NAME` plants a bug.
 *
 * ## Threads
 *   None of its own, see port.ts.
 *
 * @module
 */

import type { Build } from "../../../mod.ts";
import { Prng } from "../../helpers/prng.ts";
import { ACT_BYTES, Broken, Interpreter, type Manner } from "./interpreter.ts";
import { BrokenPort, type Bug, Port } from "./port.ts";

/** Size of a heap. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Programs that are tried while one is made shorter. Count. */
const SHRINK_MAX = 3000;

/** What is run, apart from the program. */
export interface Target {
  /** Build of the heap. */
  readonly build: Build;
  /** Looks at every byte. */
  readonly thorough: boolean;
  /** A planted bug. */
  readonly bug?: Bug;
}

/** A program that found something. */
export interface Finding {
  /** What. */
  readonly text: string;
  /** The act that found it, or -1 for the end. */
  readonly act: number;
}

/** A program of random acts. */
export function programOf(
  seed: number,
  number: number,
  acts: number,
): Uint8Array {
  const random = new Prng(seed, number);
  const words = new Uint32Array(acts);
  for (let k = 0; k < words.length; k++) words[k] = random.next();
  return new Uint8Array(words.buffer);
}

/** Counts calls of the heap, and the time in them. */
export interface Meter {
  /** Calls. Count. */
  calls: number;
  /** Time in programs. Milliseconds. */
  ms: number;
}

/** Runs one program on a fresh heap. */
export function runProgram(
  target: Target,
  bytes: Uint8Array,
  meter: Meter = { calls: 0, ms: 0 },
): Finding | undefined {
  const port = target.bug === undefined
    ? new Port(target.build, MAX_BYTES)
    : new BrokenPort(target.build, MAX_BYTES, target.bug);
  const manner: Manner = { thorough: target.thorough, mayFail: false };
  const interpreter = new Interpreter(port, manner);
  const start = performance.now();
  try {
    interpreter.run(bytes);
    interpreter.end();
    meter.calls += interpreter.calls;
    meter.ms += performance.now() - start;
    port.close();
    return undefined;
  } catch (error) {
    abandon(port);
    if (error instanceof Broken) return { text: error.message, act: error.act };
    const text = error instanceof Error ? `${error.stack}` : String(error);
    return { text, act: bytes.length / ACT_BYTES };
  }
}

/** Lets go of a heap that may be broken. */
function abandon(port: Port): void {
  for (const heap of port.heaps) heap.threads.leave();
}

/** A program without the acts `from` … `to` − 1. */
function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const rest = new Uint8Array(bytes.length - ACT_BYTES * (to - from));
  rest.set(bytes.subarray(0, ACT_BYTES * from));
  rest.set(bytes.subarray(ACT_BYTES * to), ACT_BYTES * from);
  return rest;
}

/**
 * The shortest program that ddmin finds which still finds something.
 *
 * Source: Zeller and Hildebrandt, Simplifying and isolating failure-inducing
 * input; chunks are taken away only, which is enough for programs.
 */
export function shrink(target: Target, program: Uint8Array): Uint8Array {
  let best = program;
  let tries = 0;
  const fails = (bytes: Uint8Array) =>
    tries++ < SHRINK_MAX && runProgram(target, bytes) !== undefined;
  const act = runProgram(target, best)?.act ?? -1;
  if (act >= 0) best = best.slice(0, ACT_BYTES * (act + 1));
  let chunk = best.length >> 3;
  while (chunk >= 1 && tries < SHRINK_MAX) {
    let removed = false;
    for (let at = 0; at + chunk <= best.length >> 2;) {
      const shorter = without(best, at, at + chunk);
      if (fails(shorter)) {
        best = shorter;
        removed = true;
      } else at += chunk;
    }
    if (!removed || chunk > best.length >> 3) chunk >>= 1;
  }
  return shortenRuns(best, fails);
}

/** Makes runs of one call where that is enough. */
function shortenRuns(
  program: Uint8Array,
  fails: (bytes: Uint8Array) => boolean,
): Uint8Array {
  let best = program;
  for (let at = 3; at < best.length; at += ACT_BYTES) {
    if (best[at] === 0) continue;
    const shorter = best.slice();
    shorter[at] = 0;
    if (fails(shorter)) best = shorter;
  }
  return best;
}

/** Bytes as hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(
    text.match(/../g) ?? [],
    (byte) => Number.parseInt(byte, 16),
  );
}

/** The command that runs a program again. */
export function replayOf(target: Target, bytes: Uint8Array): string {
  const bug = target.bug === undefined ? "" : ` --bug ${target.bug}`;
  const thorough = target.thorough ? " --thorough" : "";
  return `deno run -A tests/fuzz/ops/fuzz.ts --build ${target.build}` +
    `${thorough}${bug} --hex ${toHex(bytes)}`;
}

/** What a run of many programs found, and how long it took. */
export interface Fuzzed extends Meter {
  /** Acts of all programs. Count. */
  acts: number;
  /** What was found, with its replay, or `""`. */
  note: string;
}

/** Runs programs until one finds something or `calls` are made. */
export function fuzz(
  target: Target,
  seed: number,
  calls: number,
  length = 1 << 20,
): Fuzzed {
  const sum: Fuzzed = { acts: 0, calls: 0, ms: 0, note: "" };
  for (let number = 0; sum.calls < calls; number++) {
    const bytes = programOf(seed, number, length);
    const found = runProgram(target, bytes, sum);
    sum.acts += length;
    if (found === undefined) continue;
    const short = shrink(target, bytes);
    const text = runProgram(target, short)?.text ?? found.text;
    sum.note = `seed ${seed}, program ${number}: ${text}; ` +
      replayOf(target, short);
    return sum;
  }
  return sum;
}

/** Value of an option, or `undefined`. */
function option(name: string): string | undefined {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? undefined : Deno.args[at + 1];
}

if (import.meta.main) {
  const bug = option("bug") as Bug | undefined;
  const target: Target = {
    build: (option("build") ?? "free-threaded") as Build,
    thorough: Deno.args.includes("--thorough"),
    ...(bug === undefined ? {} : { bug }),
  };
  const hex = option("hex");
  if (hex !== undefined) {
    const found = runProgram(target, fromHex(hex));
    console.log(
      found === undefined ? "nothing found" : `act ${found.act}: ${found.text}`,
    );
    Deno.exit(found === undefined ? 0 : 1);
  }
  const calls = Number(option("calls") ?? 1e8);
  const length = Number(option("length") ?? 1 << 20);
  const sum = fuzz(target, Number(option("seed") ?? 1), calls, length);
  const rate = (sum.calls / sum.ms / 1e3).toFixed(1);
  console.log(`${sum.acts} acts, ${sum.calls} calls, ${rate} M/s ${sum.note}`);
}
