/**
 * What workers of a swarm do, one call of the library each.
 *
 * Whoever gets a block marks both ends of it, and looks at the marks before
 * giving it back: a block that two have is found by what it holds, and by the
 * race for the mark.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type { World } from "../checker/model.ts";
import { type HeapContext, isGone, recovery } from "../models/heap.ts";
import { threads } from "../models/support.ts";
import { type Act, call } from "./engine/scenario.ts";

/** A worker of a swarm. */
export interface SwarmContext extends HeapContext {
  /** Sizes that its blocks were asked for with. Bytes. */
  readonly sizes: number[];
}

/** A step of a worker of a swarm. */
export type HeapAct = Act<SwarmContext>;

/** A domain by its name. */
export type Domain = "raw" | "mem" | "obj";

/** Places for blocks of a worker. Count. */
export const PLACES = 8;

/** What a worker writes to the block in a place. */
function markOf(c: SwarmContext, k: number): number {
  return (c.m.slot << 8) | (k + 1);
}

/** First and last word of a block that are marked. Word indices. */
function endsOf(block: number, size: number): [number, number] {
  const words = Math.max(size, 16) >>> 2;
  return [block >>> 2, (block >>> 2) + words - 1];
}

/** Puts a block that was just got in a place, and marks it. */
export function keep(
  world: World,
  c: SwarmContext,
  k: number,
  block: number,
  size: number,
): void {
  c.blocks[k] = block;
  c.sizes[k] = size;
  if (block === 0) return;
  for (const at of endsOf(block, size)) world.write(at, markOf(c, k));
}

/** Throws if somebody else has written to a block. */
function requireMarks(
  world: World,
  c: SwarmContext,
  k: number,
  ends: readonly number[],
): void {
  for (const at of ends) {
    const found = world.read(at);
    if (found === markOf(c, k)) continue;
    const block = c.blocks[k].toString(16);
    throw new Error(`0x${block} has the mark ${found}, not ${markOf(c, k)}`);
  }
}

/** Allocates a block for a place, which must be empty. */
export function malloc(
  world: World,
  k: number,
  domain: Domain,
  size: number,
): HeapAct {
  return {
    name: `${domain} malloc ${size} as ${k}`,
    *run(_lib, c) {
      const block = yield* call(c.core[domain], "malloc", size);
      keep(world, c, k, block, size);
    },
  };
}

/** Frees what is in a place. */
export function free(world: World, k: number, domain: Domain): HeapAct {
  return {
    name: `${domain} free ${k}`,
    *run(_lib, c) {
      const block = c.blocks[k];
      if (block === 0) return;
      requireMarks(world, c, k, endsOf(block, c.sizes[k]));
      yield* call(c.core[domain], "free", block as never);
      c.blocks[k] = 0;
    },
  };
}

/** Changes the size of what is in a place. */
export function resize(
  world: World,
  k: number,
  domain: Domain,
  size: number,
): HeapAct {
  return {
    name: `${domain} realloc ${k} to ${size}`,
    *run(_lib, c) {
      const block = c.blocks[k];
      if (block === 0) return;
      const to = yield* call(c.core[domain], "realloc", block as never, size);
      if (to === 0) return;
      c.blocks[k] = to;
      const [first, last] = endsOf(to, c.sizes[k]);
      const kept = size >= c.sizes[k] ? [first, last] : [first];
      requireMarks(world, c, k, kept);
      keep(world, c, k, to, size);
    },
  };
}

/** Attaches. */
export const attach: HeapAct = {
  name: "attach",
  *run(_lib, c) {
    yield* call(c.core, "attach");
  },
};

/** Detaches. */
export const detach: HeapAct = {
  name: "detach",
  *run(_lib, c) {
    yield* call(c.core, "detach");
  },
};

/** Exits. */
export const close: HeapAct = {
  name: "close",
  *run(_lib, c) {
    yield* call(c.core, "close");
  },
};

/** Does what is asked of it, if anything. */
export const safePoint: HeapAct = {
  name: "safe point",
  *run(lib, { m }) {
    yield* call(threads(lib).SafePoint, "safePoint", m);
  },
};

/** Stops the world if that takes no longer, and starts it again. */
export function stopAndStart(timeoutMs: number): HeapAct {
  return {
    name: "stop and start",
    *run(lib, { m }) {
      const { World } = threads(lib);
      const isStopped = yield* call(World, "stop", m, timeoutMs);
      if (isStopped) yield* call(World, "start", m);
    },
  };
}

/** Gives back what nothing is allocated in. */
export const trim: HeapAct = {
  name: "trim",
  *run(lib, { m }) {
    const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
    yield* call(Leave, "trim", m, true);
  },
};

/** Recovers worker 0, whose slot is 2, once it is dead. */
export function recover(world: World, thread: number): HeapAct {
  return {
    name: "recover 0",
    *run(lib, { m }) {
      const { Recovery } = recovery(lib);
      const incarnation = world.read(thread + ThreadState.INCARNATION);
      const owner = (incarnation << 8) | 2;
      yield* call(Recovery, "declare", m, owner, ThreadState.DEAD);
      yield* call(Recovery, "recover", m, owner);
    },
    when: () => world.isDead(0) && !isGone(world, 0),
    optional: true,
  };
}
