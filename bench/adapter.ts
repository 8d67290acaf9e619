/**
 * An allocator as the benchmark sees it, and the list of those it knows.
 *
 * A process opens exactly one adapter: a second one would turn the calls in the
 * measured loops polymorphic, and the figures into those of another program.
 * Therefore each adapter is a module of its own, loaded when it is named.
 *
 * ## Threads
 *   `open` makes the memory; `join` gives a worker its adapter on it.
 *
 * @module
 */

/** What is measured: the calls of one allocator. Addresses are bytes. */
export interface Allocator {
  /** A block of `size` bytes. */
  malloc(size: number): number;
  /** A zeroed block of `count * size` bytes. */
  calloc(count: number, size: number): number;
  /** The block, now of `size` bytes, perhaps elsewhere. */
  realloc(block: number, size: number): number;
  /** Gives the block back. */
  free(block: number): void;
}

/** Words of the memory that the blocks lie in. */
export type Words = Int32Array<SharedArrayBuffer>;

/** See the head of this file. */
export interface Adapter {
  /** What the calls go to. */
  readonly allocator: Allocator;
  /** The memory that the blocks lie in. */
  readonly words: Words;
  /** What a worker needs to join, or null if it cannot be shared. */
  readonly handle: unknown;
  /** False where the blocks are no memory, so that nothing can be read back. */
  readonly keeps: boolean;
  /** True where only one thread allocates at a time, and waits block others. */
  readonly gil: boolean;
  /** True where a call may take microseconds: workloads are cut short. */
  readonly slow: boolean;
  /** What an interpreter does between two instructions. */
  safePoint(): void;
  /** Before a wait: this thread will not allocate, others may. */
  leave(): void;
  /** After a wait: this thread may allocate again. */
  enter(): void;
  /** What a checker finds wrong; empty if nothing, or if there is none. */
  check(): readonly string[];
  /** Ends this thread's use. */
  close(): void;
}

/** What the module of an adapter exports. */
interface AdapterModule {
  open(name: string): Adapter | Promise<Adapter>;
  join(name: string, handle: unknown): Adapter | Promise<Adapter>;
}

/** The workloads of one thread, in the order in which they are measured. */
export const SINGLE: readonly string[] = [
  "W1",
  "W2",
  "W1e",
  "W2e",
  "W3",
  "W4",
  "W5x1",
  "W7",
  "W7b",
  "MIX",
];

/** The workloads of two threads. */
export const SHARED: readonly string[] = ["W5x2", "W6"];

/** What names a domain other than OBJ. */
const DOMAINS: readonly string[] = ["_mem", "_raw"];

/** What names a heap that looks for mistakes, or traces one frame. */
const WARY: readonly string[] = ["_hardened", "_debug", "_traced"];

/** Adapters and what they can run; replay stands for the traces. */
export const ADAPTERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["floor", ["W1", "W2", "W1e", "W2e", "W3", "W4", "W5x1", ...SHARED, "MIX"]],
  ["free_list", [...SINGLE, "replay"]],
  ["free_list_lock", [...SINGLE, ...SHARED, "replay"]],
  ["thi_ng", ["W1", "W2", "W1e", "W2e", "W3", "W4"]],
  ["capi_ft", [...SINGLE, ...SHARED, "replay"]],
  ["capi_gil", [...SINGLE, ...SHARED, "replay"]],
  ...["ft", "gil"].flatMap((build) =>
    ["", ...DOMAINS, ...WARY].map((suffix): [string, string[]] => [
      `obmalloc_${build}${suffix}`,
      [...SINGLE, ...SHARED, "replay"],
    ])
  ),
]);

function load(name: string): Promise<AdapterModule> {
  if (!ADAPTERS.has(name)) {
    const known = [...ADAPTERS.keys()].join(", ");
    throw new RangeError(`Cannot open adapter "${name}": not one of ${known}`);
  }
  switch (name) {
    case "floor":
      return import("./adapters/floor.ts");
    case "free_list":
      return import("./adapters/free_list.ts");
    case "free_list_lock":
      return import("./adapters/free_list_lock.ts");
    case "thi_ng":
      return import("./adapters/thi_ng.ts");
    case "capi_ft":
    case "capi_gil":
      return import("./adapters/capi.ts");
    default:
      return import("./adapters/obmalloc.ts");
  }
}

/** Opens the adapter of that name, with memory of its own. */
export async function openAdapter(name: string): Promise<Adapter> {
  return (await load(name)).open(name);
}

/** Joins the memory of an adapter that another thread opened. */
export async function joinAdapter(
  name: string,
  handle: unknown,
): Promise<Adapter> {
  return (await load(name)).join(name, handle);
}
