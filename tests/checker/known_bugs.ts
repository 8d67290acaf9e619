/**
 * Models of programs whose bugs are known, with what must be found; and of
 * right ones, in which nothing may be found.
 *
 * @module
 */

import {
  type Finding,
  type Model,
  type Step,
  step,
  type World,
} from "./model.ts";

const BUGS = "tests/checker/fixtures/bugs.ts";

/** Context: views, and what the worker got. */
interface Context {
  readonly i32: Int32Array<SharedArrayBuffer>;
  readonly u8: Uint8Array<SharedArrayBuffer>;
  got: number;
  total: number;
}

/** A model and what is wrong with it. */
export interface Known {
  /** The model. */
  readonly model: Model<Context>;
  /** What must be found; nothing if absent. */
  readonly finds?: Finding["kind"];
}

// deno-lint-ignore no-explicit-any
type Code = any;

function code(run: (code: Code, context: Context) => void): Step<Context> {
  return step<Context>(
    "step",
    (lib, context) => run(lib.module(BUGS), context),
  );
}

/** A model of scripts over 16 words of memory. */
function tiny(
  name: string,
  scripts: readonly (readonly Step<Context>[])[],
  more: Partial<Model<Context>> & { words?: Record<number, number> } = {},
): Model<Context> {
  const { words, ...rest } = more;
  return {
    name,
    doors: [BUGS],
    setup(_lib, world) {
      const buffer = new SharedArrayBuffer(256);
      world.use(buffer);
      const i32 = new Int32Array(buffer);
      for (const [at, value] of Object.entries(words ?? {})) {
        i32[Number(at)] = value;
      }
      const u8 = new Uint8Array(buffer);
      return scripts.map(() => ({ i32, u8, got: 0, total: 0 }));
    },
    script: (worker) => [...scripts[worker]],
    ...rest,
  };
}

function isAt(at: number, wanted: number): (world: World) => string {
  return (world) => world.i32[at] === wanted ? "" : `it is ${world.i32[at]}`;
}

const LOCK = 1;
const COUNTER = 2;

function lockedRound(again: number): Step<Context> {
  return code((bugs, { i32 }) => {
    bugs.lock(i32, LOCK, again);
    bugs.addPlain(i32, COUNTER);
    bugs.unlock(i32, LOCK);
  });
}

function spinRound(take: "spin" | "spinLosing"): Step<Context> {
  return code((bugs, { i32 }) => {
    bugs[take](i32, LOCK);
    bugs.addPlain(i32, COUNTER);
    bugs.unspin(i32, LOCK);
  });
}

const LOSING = code((bugs, { i32 }) => bugs.addLosing(i32, COUNTER));

/** Locks and counters. */
export const LOCKS: readonly Known[] = [
  {
    model: tiny("lost update", [[LOSING], [LOSING]], {
      final: isAt(COUNTER, 2),
    }),
    finds: "final",
  },
  {
    model: tiny("check, then sleep", [
      [code((bugs, { i32 }) => bugs.waitForFlag(i32, 3, 4))],
      [code((bugs, { i32 }) => bugs.setFlag(i32, 3, 4))],
    ]),
    finds: "deadlock",
  },
  {
    model: tiny("mutex retaken with 1", Array(3).fill([lockedRound(1)])),
    finds: "deadlock",
  },
  {
    model: tiny("mutex", Array(3).fill([lockedRound(2), lockedRound(2)]), {
      final: isAt(COUNTER, 6),
      progress: true,
    }),
  },
  {
    model: tiny("bad spin lock", Array(2).fill([spinRound("spinLosing")])),
    finds: "race",
  },
  {
    model: tiny("spin lock", Array(3).fill([spinRound("spin")]), {
      final: isAt(COUNTER, 3),
      progress: true,
    }),
  },
  {
    model: tiny("lock of the dead", Array(2).fill([lockedRound(2)]), {
      kills: 1,
    }),
    finds: "deadlock",
  },
  {
    model: tiny(
      "counter of the living",
      Array(2).fill([
        code((bugs, { i32 }) => bugs.addOften(i32, COUNTER, 2)),
      ]),
      {
        kills: 1,
        final: (world) => world.i32[COUNTER] >= 2 ? "" : "too few",
      },
    ),
  },
];

const POP = code((bugs, context) => {
  context.got = bugs.pop(context.i32, LOCK);
  context.total += context.got;
});
const PUSH = code((bugs, context) => {
  if (context.got === 0) return;
  bugs.push(context.i32, LOCK, context.got);
  context.total -= context.got;
});

/** Memory that is used twice or too long. */
export const MEMORY: readonly Known[] = [
  {
    model: tiny("untagged stack", [[POP], [
      POP,
      code((bugs, context) => {
        context.total += 100 * bugs.pop(context.i32, LOCK);
      }),
      PUSH,
    ]], {
      words: { [LOCK]: 10, 10: 11, 11: 12, 12: 0 },
      final(world) {
        const [a, b] = [world.context(0), world.context(1)];
        const second = Math.round(b.total / 100);
        const isTwice = world.i32[LOCK] === second && second !== 0;
        return isTwice || (a.got !== 0 && a.got === second)
          ? `node ${second} is used and free`
          : "";
      },
    }),
    finds: "final",
  },
  {
    model: tiny("freed at once", [
      [code((bugs, { i32 }) => bugs.readThrough(i32, 5))],
      [code((bugs, { i32 }) => bugs.freeAtOnce(i32, 5, 6))],
    ], useAfterFree()),
    finds: "guard",
  },
];

function useAfterFree(): Partial<Model<Context>> & {
  words: Record<number, number>;
} {
  let seen: World | undefined;
  return {
    words: { 5: 10, 10: 77 },
    script(worker, world) {
      seen = world;
      const steps = [
        code((bugs, { i32 }) => bugs.readThrough(i32, 5)),
        code((bugs, { i32 }) => bugs.freeAtOnce(i32, 5, 6)),
      ];
      return [steps[worker]];
    },
    guarded: (at) => at === 10,
    guard: (at) => at === 10 && seen!.i32[6] === 1 ? "use after free" : "",
  };
}

const READ_PLAIN = step<Context>("read", () => {});

/** One canary for each kind of check that is not above. */
export const CANARIES: readonly Known[] = [
  {
    model: tiny("waits for ever", [
      [code((bugs, { i32 }) => bugs.spinUntilSet(i32, 3))],
      [LOSING],
    ], { progress: true }),
    finds: "livelock",
  },
  {
    model: tiny("runs away", [
      [code((bugs, { i32 }) => bugs.runAway(i32, 3))],
    ]),
    finds: "endless",
  },
  {
    model: tiny("invariant", [[LOSING], [LOSING]], {
      invariant: (world) => world.i32[COUNTER] === 2 ? "two" : "",
    }),
    finds: "invariant",
  },
  {
    model: tiny(
      "error",
      Array(2).fill([
        code((bugs, { i32 }) => bugs.fail(i32, COUNTER)),
      ]),
    ),
    finds: "error",
  },
  {
    model: tiny(
      "expected error",
      Array(2).fill([
        code((bugs, { i32 }) => bugs.fail(i32, COUNTER)),
      ]),
      { expects: ["RangeError"], final: isAt(COUNTER, 2) },
    ),
  },
  {
    model: tiny("plain against plain", [
      [code((bugs, { i32 }) => bugs.addPlain(i32, COUNTER))],
      [code((bugs, { i32 }) => bugs.addPlain(i32, COUNTER))],
    ]),
    finds: "race",
  },
  {
    model: tiny("plain against atomic", [
      [code((bugs, { i32 }) => bugs.addPlain(i32, COUNTER))],
      [LOSING],
    ]),
    finds: "race",
  },
  {
    model: tiny("hint against atomic", [
      [code((bugs, { i32 }) => bugs.look(i32, COUNTER))],
      [LOSING],
    ]),
  },
  {
    model: tiny("hint against plain", [
      [code((bugs, { i32 }) => bugs.look(i32, COUNTER))],
      [code((bugs, { i32 }) => bugs.addPlain(i32, 9)), READ_PLAIN],
    ]),
  },
  {
    model: tiny("plain writes with hints", [
      [code((bugs, { i32 }) => bugs.addPlain(i32, COUNTER))],
      [code((bugs, { i32 }) => bugs.addPlain(i32, COUNTER))],
      [code((bugs, { i32 }) => bugs.look(i32, COUNTER))],
    ]),
    finds: "race",
  },
  {
    model: tiny("bytes of a word", [
      [code((bugs, { u8 }) => bugs.setByte(u8, 8, 1))],
      [code((bugs, { u8 }) => bugs.setByte(u8, 9, 2))],
    ], { final: isAt(2, 0x201) }),
  },
  {
    model: tiny("the same byte", [
      [code((bugs, { u8 }) => bugs.setByte(u8, 8, 1))],
      [code((bugs, { u8 }) => bugs.setByte(u8, 8, 2))],
    ]),
    finds: "race",
  },
];
