/**
 * Stack overflow: each public function at every small rest of the stack.
 *
 * A function dives until the stack is nearly full and then makes a call, with
 * one frame less each time, until the call goes well several times in a row.
 * The first frame has 0 to 31 more arguments, so that the rest differs by 8
 * bytes. Whatever the call throws, the heap must be sound afterwards, and what
 * is thrown must be the engine's RangeError or an error of the library's.
 *
 * A heap that was left with a lock taken makes the next check wait for ever:
 * run it with `deno run -A tests/fuzz/corrupt/probe.ts stack SEED FROM TO`.
 *
 * ## Threads
 *   One real worker with two thread states, see port.ts.
 *
 * @module
 */

import { BUILDS } from "../../helpers/heap_fixture.ts";
import { isTyped, untyped } from "../corrupt/outcome.ts";
import { Port } from "./port.ts";

/** Extra arguments of the first frame. Count. */
const ALIGNMENTS = 32;
/** Dives before the frames have the size that they keep. Count. */
const WARM_UPS = 3;
/** Calls with all of the stack first: a function is compiled with much. Count. */
const REHEARSALS = 50;
/** More frames than any stack has room for. Count. */
const DEPTH_MAX = 20000;
/** Steps in which the deepest dive is looked for. Count. */
const STRIDE_FAR = 64;
/** Frames that a dive is shorter if it did not get to the call. Count. */
const STRIDE = 4;
/** Calls in a row that go well before a sweep ends. Count. */
const GOOD_MIN = 8;

/** A heap and the blocks that the calls use. */
interface Stage {
  readonly port: Port;
  readonly blocks: number[];
}

/** A call, with what must be ready before it. */
interface Call {
  readonly name: string;
  /** Makes ready, with all of the stack. */
  before(stage: Stage): void;
  /** The call. */
  run(stage: Stage): void;
}

function nothing(): void {}

/** A request of a domain; what is left by those that went well is freed. */
function request(domain: number, nbytes: number): Call {
  return {
    name: `malloc(${nbytes}) of domain ${domain}`,
    before({ port, blocks }) {
      // Now and then, so that pools run dry and come back.
      if (blocks.length < 40) return;
      for (const block of blocks.splice(0)) port.free(domain, block);
    },
    run({ port, blocks }) {
      blocks[blocks.length] = port.malloc(domain, nbytes);
    },
  };
}

/** A free of a block of the attached thread, or of the other. */
function release(domain: number, nbytes: number, isRemote: boolean): Call {
  return {
    name: `free of ${nbytes} bytes of domain ${domain}` +
      (isRemote ? ", remote" : ""),
    before({ port, blocks }) {
      if (blocks.length > 0) return;
      if (isRemote) port.switch();
      for (let k = 0; k < 40; k++) blocks.push(port.malloc(domain, nbytes));
      if (isRemote) port.switch();
    },
    run({ port, blocks }) {
      const block = blocks.pop();
      if (block !== undefined) port.free(domain, block);
    },
  };
}

/** A realloc from one size to another. */
function resize(domain: number, from: number, to: number): Call {
  return {
    name: `realloc from ${from} to ${to} bytes of domain ${domain}`,
    before({ port, blocks }) {
      for (const block of blocks.splice(0)) port.free(domain, block);
      blocks.push(port.malloc(domain, from));
    },
    run({ port, blocks }) {
      const block = blocks.pop();
      if (block !== undefined) {
        blocks[0] = port.realloc(domain, block, to);
      }
    },
  };
}

const REQUESTS = [0, 1, 2].flatMap((domain) => [
  ...[0, 48, 500, 3000, 20000, 50000].map((n) => request(domain, n)),
  release(domain, 48, false),
  release(domain, 500, true),
  release(domain, 20000, false),
  release(domain, 50000, true),
  resize(domain, 100, 400),
  resize(domain, 40000, 90000),
]);

/** All calls of the sweep. */
export const CALLS: readonly Call[] = [
  ...REQUESTS,
  {
    name: "trim()",
    before: ({ port }) => port.free(2, port.malloc(2, 300)),
    run: ({ port }) => void port.heap.trim(),
  },
  {
    name: "check()",
    before: nothing,
    run: ({ port }) => void port.check(),
  },
  {
    name: "stats()",
    before: nothing,
    run: ({ port }) => void port.heap.stats(),
  },
  {
    name: "safePoint()",
    before: nothing,
    run: ({ port }) => port.heap.threads.safePoint(),
  },
  {
    name: "detach() and attach()",
    before({ port }) {
      if (!port.heap.core.isAttached) port.heap.threads.attach();
    },
    run({ port }) {
      port.heap.threads.detach();
      port.heap.threads.attach();
    },
  },
  {
    name: "close() and attach(handle)",
    before({ port }) {
      if (!port.heap.core.isAttached) port.heap.threads.attach();
    },
    run: ({ port }) => port.replace(),
  },
];

/** Cases of a sweep: one for each build, call and alignment. Count. */
export const CASES = BUILDS.length * CALLS.length * ALIGNMENTS;

/** Calls `act` with `depth` more frames on the stack. */
function dive(depth: number, act: () => void): number {
  if (depth === 0) {
    act();
    return 0;
  }
  return 1 + dive(depth - 1, act);
}

/** The same, the first frame being longer. */
function diveFrom(depth: number, act: () => void, extra: number): void {
  const more = new Array<number>(extra).fill(0);
  Reflect.apply(dive, undefined, [depth, act, ...more]);
}

/** What came of a call with few frames left. */
interface Attempt {
  /** True if the stack was enough to get to the call. */
  readonly reached: boolean;
  /** What was thrown, or `undefined`. */
  readonly error: unknown;
}

/** Makes the call with few frames left. */
function attempt(
  stage: Stage,
  call: Call,
  depth: number,
  extra: number,
): Attempt {
  let reached = false;
  const act = () => {
    reached = true;
    call.run(stage);
  };
  try {
    diveFrom(depth, act, extra);
    return { reached, error: undefined };
  } catch (error) {
    return { reached, error: error ?? new Error("nothing was thrown") };
  }
}

/** A call that needs next to no stack. */
const SMALL: Call = {
  name: "nothing",
  before: nothing,
  run({ blocks }) {
    blocks.at(-1);
  },
};

/**
 * About the most frames that there is room for; they are of the size that they
 * have in the sweep once the engine has seen enough dives.
 */
function deepest(stage: Stage, extra: number): number {
  let depth = 0;
  for (let k = 0; k < WARM_UPS; k++) {
    depth = DEPTH_MAX;
    while (!attempt(stage, SMALL, depth, extra).reached) depth -= STRIDE_FAR;
  }
  return depth + STRIDE_FAR;
}

/** Why the heap is not as it should be, or `""`. */
function faultOf(stage: Stage, error: unknown): string {
  const isOverflow = error instanceof RangeError &&
    error.message.includes("call stack");
  if (!isOverflow && !isTyped(error)) return untyped(error);
  if (!isOverflow) return `threw ${error}`;
  const { port } = stage;
  if (!port.heap.core.isAttached) port.heap.threads.attach();
  const [finding] = port.check().findings;
  return finding ?? "";
}

/** What became of a case. */
export interface StackOutcome {
  /** What was called where. */
  readonly name: string;
  /** What must not happen, or `""`. */
  readonly fault: string;
  /** Calls that ran out of stack. Count. */
  readonly overflows: number;
}

/**
 * One call at every depth. `began` hears of each; `Kind` is the port to use,
 * for canaries.
 */
export function stackOne(
  number: number,
  began: () => void = nothing,
  Kind: typeof Port = Port,
): StackOutcome {
  const build = BUILDS[number % BUILDS.length];
  const rest = Math.floor(number / BUILDS.length);
  const call = CALLS[rest % CALLS.length];
  const extra = Math.floor(rest / CALLS.length) % ALIGNMENTS;
  const stage: Stage = { port: new Kind(build, 1 << 24), blocks: [] };
  const name = `${build}, ${call.name}, alignment ${extra}`;
  let overflows = 0;
  let good = 0;
  for (let k = 0; k < REHEARSALS; k++) {
    began();
    call.before(stage);
    call.run(stage);
  }
  let depth = deepest(stage, extra);
  began();
  while (good < GOOD_MIN && depth > 0) {
    began();
    call.before(stage);
    const { reached, error } = attempt(stage, call, depth, extra);
    depth -= reached ? 1 : STRIDE;
    good = error === undefined ? good + 1 : 0;
    if (error === undefined || !reached) continue;
    overflows++;
    const fault = faultOf(stage, error);
    if (fault !== "") return { name, fault, overflows };
  }
  const [finding] = stage.port.check().findings;
  stage.port.close();
  return { name, fault: finding ?? "", overflows };
}
