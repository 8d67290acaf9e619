/**
 * What a heap is to be like: options, or where they say nothing the
 * environment.
 *
 * ```text
 *   variable            option        effect
 *   ─────────────────   ───────────   ──────────────────────────────────────
 *   PYTHON_GIL          build         "1" is "gil", "0" is "free-threaded"
 *   PYTHONMALLOC        malloc        which allocator, see allocator_names.ts
 *   PYTHONDEVMODE                     not empty: "debug", if nothing else is said
 *   PYTHONMALLOCSTATS   mallocStats   not empty: print statistics
 *   PYTHONTRACEMALLOC   tracemalloc   trace from the start, so many frames
 * ```
 *
 * An option wins over its variable. Where the program may not read the
 * environment it is as if nothing were set there.
 *
 * ## Threads
 *   Belongs to the worker that makes the heap; the others find it in the heap.
 *
 * Source: CPython 3.14 Python/preconfig.c: preconfig_init_allocator();
 * Python/initconfig.c: config_init_gil(), config_init_tracemalloc().
 *
 * @module
 */

import { FatalError } from "../errors.ts";
import {
  type MallocName,
  namesFor,
  wordsFor,
} from "../domains/allocator_names.ts";
import { parseNframe } from "../hooks/tracemalloc/mod.ts";
import * as Header from "../layout/header.ts";
import type { AllocatorWords } from "../memory/mod.ts";

/** What {@linkcode nframe} goes by. */
export interface TraceOptions {
  /** Frames to keep of a stack, 0 for none; `PYTHONTRACEMALLOC` if absent. */
  readonly tracemalloc?: number;
}

/**
 * How many frames are to be traced from the start.
 *
 * C: `config_init_tracemalloc()`, Python/initconfig.c.
 *
 * @returns Count, 0 if nothing is to be traced.
 * @throws {FatalError} If the variable is no such number.
 */
export function nframe(options: TraceOptions): number {
  return options.tracemalloc ??
    parseNframe(variable("PYTHONTRACEMALLOC"));
}

/** What {@linkcode allocators} goes by. */
export interface AllocatorOptions {
  /** What serves the domains; what `PYTHONMALLOC` says if absent. */
  readonly malloc?: MallocName;
  /** Whether to print statistics for each new arena and at the end. */
  readonly mallocStats?: boolean;
}

/** The part of `Deno` that is looked at. */
interface Environment {
  readonly env: { get(name: string): string | undefined };
  readonly permissions: {
    querySync(of: { name: "env"; variable: string }): { state: string };
  };
}

/** The part of Node's `process` that is looked at. */
interface Process {
  readonly env: Record<string, string | undefined>;
}

/**
 * A variable of the environment, without asking anybody for permission.
 *
 * @returns Its text, or `""` if it is not set or may not be read.
 */
export function variable(name: string): string {
  const deno = Reflect.get(globalThis, "Deno") as Environment | undefined;
  if (deno === undefined) {
    const process = Reflect.get(globalThis, "process") as Process | undefined;
    return process?.env[name] ?? "";
  }
  const query = { name: "env", variable: name } as const;
  if (deno.permissions.querySync(query).state !== "granted") return "";
  return deno.env.get(name) ?? "";
}

/** Ends in C's way what cannot begin. */
function refuse(verdict: string, state: string, attempt: string): never {
  throw new FatalError(
    `Fatal Python error: ${verdict}\nPython runtime state: ${state}\n\n` +
      attempt,
  );
}

/**
 * The build that `PYTHON_GIL` asks for.
 *
 * C: `config_read_gil()`, Python/initconfig.c.
 *
 * @returns `"gil"` or `"free-threaded"`, which is also the default.
 * @throws {FatalError} If the variable is neither 0 nor 1.
 */
export function build(): "gil" | "free-threaded" {
  const value = variable("PYTHON_GIL");
  if (value === "1") return "gil";
  if (value === "" || value === "0") return "free-threaded";
  return refuse(
    'config_read_gil: PYTHON_GIL / -X gil must be "0" or "1"', // verbatim
    "preinitialized",
    `Cannot create a heap: PYTHON_GIL is "${value}"`,
  );
}

/** The name that the options, or the environment, have for the allocator. */
function mallocName(options: AllocatorOptions): string {
  const name = options.malloc ?? variable("PYTHONMALLOC");
  if (typeof name !== "string") {
    throw new TypeError(
      `Cannot create a heap: malloc must be a string, not ${String(name)}`,
    );
  }
  const isDev = name === "" && variable("PYTHONDEVMODE") !== "";
  return isDev ? "debug" : name;
}

/**
 * The allocators that options and environment ask for.
 *
 * C: `preconfig_init_allocator()`, Python/preconfig.c.
 *
 * @param build `Header.BUILD_…`.
 * @param options Those of the heap.
 * @throws {FatalError} If the build knows no allocator of that name.
 * @throws {TypeError} If the name is no string.
 */
export function allocators(
  build: number,
  options: AllocatorOptions,
): AllocatorWords {
  const name = mallocName(options);
  const printsStats = options.mallocStats ??
    variable("PYTHONMALLOCSTATS") !== "";
  const words = wordsFor(build, name, printsStats);
  if (words !== null) return words;
  const kind = build === Header.BUILD_GIL ? "gil" : "free-threaded";
  return refuse(
    "preconfig_init_allocator: PYTHONMALLOC: unknown allocator", // verbatim
    "preinitializing",
    `Cannot create a heap: malloc is "${name}", and the ${kind} build knows ` +
      namesFor(build).join(", "),
  );
}
