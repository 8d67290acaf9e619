/**
 * Runs random strings of commands against both faces, by fast-check, which
 * makes those that fail short and prints seed and path:
 *
 *     deno run -A tests/fuzz/commands/run.ts FACE BUILD RUNS SEED [PATH]
 *
 * @module
 */

import fc from "npm:fast-check@4";
import {
  type Build,
  createHeap,
  type MemPtr,
  type ObjPtr,
  type RawPtr,
} from "../../../mod.ts";
import * as C from "../../../src/capi/mod.ts";
import type { Domain } from "../../helpers/heap_fixture.ts";
import * as Commands from "./model.ts";

/** Names of the faces. */
export const FACE_NAMES = ["idiomatic", "capi"] as const;
/** Name of a face. */
export type FaceName = typeof FACE_NAMES[number];

/** Size of the heaps. Bytes. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Commands of a string at most. Count. */
const LENGTH = 60;

/** A heap as a face shows it, and how to end it. */
export interface Opened extends Commands.Real {
  /** Closes the heap. */
  close(): void;
}

/** `heap.mem.malloc()` and its like. */
export function openIdiomatic(build: Build): Opened {
  const heap = createHeap({ build, maxBytes: MAX_BYTES });
  return {
    u8: heap.u8,
    malloc: (domain, n) => heap[domain].malloc(n),
    calloc: (domain, nelem, n) => heap[domain].calloc(nelem, n),
    realloc(domain, at, n) {
      if (domain === "raw") return heap.raw.realloc(at as RawPtr, n);
      return domain === "mem"
        ? heap.mem.realloc(at as MemPtr, n)
        : heap.obj.realloc(at as ObjPtr, n);
    },
    free(domain, at) {
      if (domain === "raw") heap.raw.free(at as RawPtr);
      else if (domain === "mem") heap.mem.free(at as MemPtr);
      else heap.obj.free(at as ObjPtr);
    },
    attach: () => heap.threads.attach(),
    detach: () => heap.threads.detach(),
    check: () => heap.check(),
    close: () => heap.close(),
  };
}

/** Functions of the C face by domain. */
const C_CALLS = {
  raw: {
    malloc: C.PyMem_RawMalloc,
    calloc: C.PyMem_RawCalloc,
    realloc: (at: number, n: number) => C.PyMem_RawRealloc(at as RawPtr, n),
    free: (at: number) => C.PyMem_RawFree(at as RawPtr),
  },
  mem: {
    malloc: C.PyMem_Malloc,
    calloc: C.PyMem_Calloc,
    realloc: (at: number, n: number) => C.PyMem_Realloc(at as MemPtr, n),
    free: (at: number) => C.PyMem_Free(at as MemPtr),
  },
  obj: {
    malloc: C.PyObject_Malloc,
    calloc: C.PyObject_Calloc,
    realloc: (at: number, n: number) => C.PyObject_Realloc(at as ObjPtr, n),
    free: (at: number) => C.PyObject_Free(at as ObjPtr),
  },
};

/** `PyMem_Malloc()` and its like. */
export function openC(build: Build): Opened {
  const heap = C.Py_Initialize({ build, maxBytes: MAX_BYTES });
  const tstate = C.PyThreadState_Get();
  return {
    u8: heap.u8,
    malloc: (domain, n) => C_CALLS[domain].malloc(n),
    calloc: (domain, nelem, n) => C_CALLS[domain].calloc(nelem, n),
    realloc: (domain, at, n) => C_CALLS[domain].realloc(at, n),
    free: (domain, at) => C_CALLS[domain].free(at),
    attach: () => C.PyEval_RestoreThread(tstate),
    detach: () => void C.PyEval_SaveThread(),
    raised: () => C.PyErr_Occurred() !== null,
    raise: () => void C.PyErr_NoMemory(),
    clear: () => C.PyErr_Clear(),
    check: () => heap.check(),
    close: () => void C.Py_FinalizeEx(),
  };
}

const domain = fc.constantFrom<Domain[]>("raw", "mem", "obj");
const index = fc.nat(1000);
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(512) },
  { weight: 2, arbitrary: fc.integer({ min: 513, max: 32768 }) },
  { weight: 1, arbitrary: fc.integer({ min: 32769, max: 70000 }) },
);
const tooMuch = fc.constantFrom(2 ** 24, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1);
const stray = fc.oneof(
  fc.constantFrom(0, 8, 16, -16, 2 ** 31, 2 ** 32, 2 ** 53),
  fc.integer({ min: 1, max: 100000 }),
);

/** Strings of commands. */
const strings = fc.commands([
  fc.tuple(domain, size, fc.boolean())
    .map((args) => new Commands.Allocate(...args)),
  fc.tuple(domain, size).map(([d, n]) => new Commands.Allocate(d, n, false)),
  index.map((k) => new Commands.Free(k)),
  fc.tuple(index, size).map((args) => new Commands.Resize(...args)),
  fc.tuple(index, fc.integer({ min: 1, max: 2 }))
    .map((args) => new Commands.FreeWrong(...args)),
  fc.tuple(domain, tooMuch).map((args) => new Commands.TooMuch(...args)),
  fc.tuple(domain, stray).map((args) => new Commands.Stray(...args)),
  fc.boolean().map((attach) => new Commands.Move(attach)),
  fc.constant(new Commands.Move(true)),
  fc.constant(new Commands.Check()),
  fc.constantFrom<("raise" | "look" | "clear")[]>("raise", "look", "clear")
    .map((act) => new Commands.Indicator(act)),
], { maxCommands: LENGTH });

/** What a run found. */
export interface CommandsRun {
  /** Strings that were run. Count. */
  readonly runs: number;
  /** What was found, with seed and path, or `""`. */
  readonly note: string;
}

/** One string against one heap. */
function runOne(
  open: (build: Build) => Opened,
  build: Build,
  commands: Iterable<Commands.Command>,
): void {
  const real = open(build);
  const model = new Commands.Model();
  try {
    fc.modelRun(() => ({ model, real }), commands);
    if (!model.isAttached) real.attach();
    model.isAttached = true;
    for (const { domain, at } of model.blocks.splice(0)) real.free(domain, at);
    new Commands.Check().run(model, real);
  } finally {
    real.close();
  }
}

/** Runs random strings of commands until one fails or `runs` are done. */
export function runCommands(
  face: FaceName,
  build: Build,
  runs: number,
  seed: number,
  path = "",
  open = face === "capi" ? openC : openIdiomatic,
): CommandsRun {
  const property = fc.property(
    strings,
    (commands) => runOne(open, build, commands),
  );
  const parameters = path === ""
    ? { numRuns: runs, seed }
    : { numRuns: runs, seed, path };
  const result = fc.check(property, parameters);
  if (!result.failed) return { runs: result.numRuns, note: "" };
  const error = result.errorInstance;
  const text = error instanceof Error ? error.message : String(error);
  const note = `${result.counterexample?.join(" ")}: ${text}; ` +
    `deno run -A tests/fuzz/commands/run.ts ${face} ${build} 1 ${seed} ` +
    `${result.counterexamplePath}`;
  return { runs: result.numRuns, note };
}

if (import.meta.main) {
  const [face, build, runs, seed, path] = Deno.args;
  const result = runCommands(
    face as FaceName,
    build as Build,
    Number(runs),
    Number(seed),
    path,
  );
  console.log(result.note === "" ? `${result.runs} runs` : result.note);
  Deno.exit(result.note === "" ? 0 : 1);
}
