/** Worker of the tests of handles with real workers. */

import {
  attach,
  type Heap,
  type HeapHandle,
  i32,
  type PyDict,
  type PyInstance,
  type PyList,
  type PySet,
  type ShareToken,
} from "../../mod.ts";
import {
  type Control,
  FIRST_FREE,
  rendezvous,
  serve,
} from "../helpers/workers.ts";

let joined: Heap | undefined;

function heapOf(): Heap {
  if (joined === undefined) throw new Error("Not joined");
  return joined;
}

/** Runs something attached. */
function attached<T>(run: (heap: Heap) => T): T {
  const heap = heapOf();
  heap.threads.attach();
  try {
    return run(heap);
  } finally {
    heap.threads.detach();
  }
}

/** What several workers do to one object at once. */
interface Job {
  readonly token: ShareToken;
  readonly rounds: number;
  readonly workers: number;
  readonly me: number;
}

/** Waits for the others, detached. */
function meet(heap: Heap, control: Control, workers: number): void {
  heap.threads.detached(() => rendezvous(control, FIRST_FREE, workers));
}

serve<never>({
  join(handle: HeapHandle): number {
    joined = attach(handle);
    joined.gc.disable();
    joined.threads.detach();
    return joined.threads.id;
  },

  /** Shares a value. */
  share(value: unknown): ShareToken {
    return attached((heap) => {
      using object = heap.from(value);
      return heap.share(object);
    });
  },

  /** Receives it; what it is as JavaScript has it, or the error. */
  receive(token: ShareToken): unknown {
    return attached((heap) => {
      try {
        using object = heap.receive(token);
        return object.toJS();
      } catch (error) {
        return String(error);
      }
    });
  },

  /** Tries to receive all tokens; how many it got. */
  receiveAny(tokens: ShareToken[]): number {
    return attached((heap) => {
      let count = 0;
      for (const token of tokens) {
        try {
          heap.receive(token).close();
          count++;
        } catch {
          // Another one was faster.
        }
        heap.threads.safePoint();
      }
      return count;
    });
  },

  /** Counts words in one dict. */
  count({ token, rounds, workers }: Job, control: Control): void {
    attached((heap) => {
      using dict = heap.receive<PyDict>(token);
      meet(heap, control, workers);
      for (let k = 0; k < rounds; k++) {
        dict.update(`word ${k % 7}`, (n) => (n as number) + 1, 0);
        heap.threads.safePoint();
      }
    });
  },

  /** Appends to one list. */
  append({ token, rounds, workers, me }: Job, control: Control): void {
    attached((heap) => {
      using list = heap.receive<PyList>(token);
      meet(heap, control, workers);
      for (let k = 0; k < rounds; k++) {
        list.append([me, k, `text ${k}`]);
        if (k % 10 === 0) heap.threads.safePoint();
      }
    });
  },

  /** Adds to one set, and looks for what it has added. */
  add({ token, rounds, workers, me }: Job, control: Control): void {
    attached((heap) => {
      using set = heap.receive<PySet>(token);
      meet(heap, control, workers);
      for (let k = 0; k < rounds; k++) {
        set.add(`${me} ${k}`).add(`all ${k}`);
        if (!set.has(`${me} ${k}`)) throw new Error("What was added is gone");
        heap.threads.safePoint();
      }
    });
  },

  /** Moves an amount between two dicts, in a section of both. */
  move(
    { tokens, rounds, me, workers }: Job & { tokens: ShareToken[] },
    control: Control,
  ): void {
    attached((heap) => {
      const [first, second] = tokens.map((each) => heap.receive<PyDict>(each));
      const [from, to] = me % 2 === 0 ? [first, second] : [second, first];
      meet(heap, control, workers);
      for (let k = 0; k < rounds; k++) {
        heap.criticalSection(from, to, () => {
          from.set("n", from.getJS("n") as number - 1);
          to.set("n", to.getJS("n") as number + 1);
        });
        heap.threads.safePoint();
      }
      first.close();
      second.close();
    });
  },

  /** Reads an instance of a type that the test has defined. */
  instance(token: ShareToken): unknown[] {
    return attached((heap) => {
      using unknown = heap.receive<PyInstance>(token);
      let refusal = "";
      try {
        unknown.get("n");
      } catch (error) {
        refusal = String(error);
      }
      using _type = heap.defineType({
        name: "Shared",
        fields: { n: i32, o: "object" },
      });
      return [refusal, unknown.get("n")];
    });
  },

  /** Ends the thread state in an orderly way. */
  leave(): void {
    heapOf().close();
  },
});
