/**
 * Two workers that do the same thing to the heap at the same time, one for each
 * list that a lock guards. What is done without the lock is a race.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import type { Library } from "../checker/loader.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import {
  attachStep,
  BUILDS,
  CONSTANTS,
  detachStep,
  DOORS,
  fillPool,
  type HeapContext,
  heapOf,
  ignored,
  nameOf,
  racy,
  verdict,
} from "./heap.ts";
import { threads } from "./support.ts";

type Domain = "raw" | "mem" | "obj";

/** A duel. */
interface Duel {
  readonly name: string;
  readonly build: keyof typeof BUILDS;
  /** Workers; two, if absent. */
  readonly count?: number;
  /** Most preemptions; one, if absent. */
  readonly bound?: number;
  /** Brings the heap into its first state; returns the live blocks of MEM. */
  prepare(contexts: HeapContext[], lib: Library): number;
  /** What worker `worker` does. */
  work(worker: number): Step<HeapContext>[];
}

/** A duel as a model: at the end the heap is whole. */
function duel(it: Duel): Model {
  let live = 0;
  const { count = 2, bound = 1 } = it;
  return model<HeapContext>({
    doors: DOORS,
    constants: CONSTANTS,
    nameOf,
    ignored,
    racy,
    name: `${it.name} (${it.build})`,
    bound,
    setup(lib, world) {
      const contexts = heapOf(lib, world, count, BUILDS[it.build]);
      live = it.prepare(contexts, lib);
      return contexts;
    },
    script: (worker) => it.work(worker),
    final: (world) => verdict(world, live),
  });
}

/** Allocates in a domain, as block `k` of the context. */
function take(k: number, domain: Domain, bytes: number): Step<HeapContext> {
  return step<HeapContext>(`${domain} ${bytes} as ${k}`, (_lib, c) => {
    c.blocks[k] = c.core[domain].malloc(bytes) as number;
  });
}

/** Resizes block `k`. */
function resize(k: number, domain: Domain, bytes: number): Step<HeapContext> {
  return step<HeapContext>(`${domain} ${k} to ${bytes}`, (_lib, c) => {
    const { blocks, core } = c;
    blocks[k] = core[domain].realloc(blocks[k] as never, bytes) as number;
  });
}

/** Frees block `k`. */
function give(k: number, domain: Domain): Step<HeapContext> {
  return step<HeapContext>(`${domain} free ${k}`, (_lib, c) => {
    const block = c.blocks[k];
    c.blocks[k] = 0;
    c.core[domain].free(block as never);
  });
}

/** Gives back what nothing is allocated in. */
const trimStep = step<HeapContext>("trim", (lib, { core, m }) => {
  const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
  Leave.trim(m, core.isAttached);
});

/** Makes room for a block of 512 bytes of MEM. */
const relieveStep = step<HeapContext>("relieve", (lib, { core, m }) => {
  const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
  Leave.relieve(m, true, core.mem.route.poolKey, 31);
});

const safePointStep = step<HeapContext>(
  "safe point",
  (lib, { m }) => threads(lib).SafePoint.safePoint(m),
);

/** Everybody is attached. */
function attached(contexts: HeapContext[]): number {
  for (const { core } of contexts) core.attach();
  return 0;
}

/** Large blocks that come, grow, shrink and go. */
export const largeBlocks: Model = duel({
  name: "large blocks against each other",
  build: "free-threaded",
  prepare: attached,
  work: (worker) => [
    take(0, "raw", 40000),
    resize(0, "raw", 60000 + 10000 * worker),
    resize(0, "raw", 33000),
    give(0, "raw"),
  ],
});

/** Pools and arenas of MEM and OBJ that come and go. */
export const arenas: Model = duel({
  name: "arenas that come and go",
  build: "free-threaded",
  prepare(contexts) {
    attached(contexts);
    // All pools of the first arena but two.
    for (let k = 0; k < 62; k++) fillPool(contexts[0], 512);
    return 62 * 31;
  },
  work: (worker) => [
    take(0, "raw", 512 - 16 * worker),
    take(1, "raw", 400 - 16 * worker),
    give(1, "raw"),
    give(0, "raw"),
    trimStep,
  ],
});

/** Empty pools of OBJ: in quarantine, used again, ripe. */
export const quarantine: Model = duel({
  name: "pools in quarantine",
  build: "free-threaded",
  prepare(contexts) {
    attached(contexts);
    for (const { core, blocks } of contexts) {
      const first = core.obj.malloc(512) as number;
      blocks[0] = first;
      // A second pool, so that the first one leaves when it is empty.
      for (let k = 0; k < 31; k++) blocks[1] = core.obj.malloc(512) as number;
      for (let k = 1; k < 31; k++) core.obj.free((first + 512 * k) as never);
    }
    return 0;
  },
  work: (worker) => [
    give(0, "obj"),
    safePointStep,
    ...(worker === 0 ? [take(2, "obj", 512)] : [trimStep]),
    give(1, "obj"),
  ],
});

/** One in need takes over a pool of a thread that is detached. */
export const takeOver: Model = duel({
  name: "a pool taken over, against a remote free",
  build: "free-threaded",
  count: 3,
  prepare(contexts) {
    attached(contexts);
    const blocks = fillPool(contexts[1], 512);
    contexts[1].core.mem.free(blocks.pop() as never);
    contexts[1].core.detach();
    contexts[2].blocks[0] = blocks.pop()!;
    return blocks.length + 1;
  },
  work: (worker) =>
    worker === 0
      ? [relieveStep, take(0, "mem", 512)]
      : worker === 1
      ? [attachStep, detachStep]
      : [give(0, "mem")],
});

/** In the GIL build: RAW without the GIL against what goes via RAW. */
export const viaRaw: Model = duel({
  name: "RAW against what goes via RAW",
  build: "gil",
  prepare: () => 0,
  work: (worker) =>
    worker === 0
      ? [take(0, "raw", 16), take(1, "raw", 600), give(0, "raw"), trimStep]
      : [
        attachStep,
        take(0, "obj", 0),
        take(1, "obj", 600),
        take(2, "mem", 16),
        give(2, "mem"),
        give(0, "obj"),
        trimStep,
        detachStep,
      ],
});

/** Both give back what they have in reserve. */
export const trims: Model = duel({
  name: "two who trim",
  build: "free-threaded",
  prepare(contexts) {
    attached(contexts);
    for (const { core } of contexts) {
      for (const domain of ["raw", "mem", "obj"] as const) {
        core[domain].free(core[domain].malloc(48) as never);
      }
    }
    return 0;
  },
  work: () => [trimStep, trimStep],
});

/** The models of this file. */
export const models: readonly Model[] = [
  largeBlocks,
  arenas,
  quarantine,
  takeOver,
  viaRaw,
  trims,
];
