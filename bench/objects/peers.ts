/**
 * Shared objects of other libraries, beside ours: the same work on the same
 * data, each in a process of its own and as its manual says, with the lock that it
 * wants.
 *
 *     deno run -A bench/objects/peers.ts [--rounds N]
 *
 * `@bnaya/objectbuffer` has one lock for its buffer, `multithreading` a mutex
 * for its `SharedJsonBuffer`; each operation of theirs takes and gives it, as a
 * program with several workers must. Ours needs none: an operation is whole.
 * Of each the fastest of the slices, in nanoseconds an operation.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as objectbuffer from "npm:@bnaya/objectbuffer@0.10.1";
import { Mutex, SharedJsonBuffer } from "npm:multithreading@0.3.52";
import { type Build, createHeap } from "../../mod.ts";
import { outputOf } from "../native.ts";

/** What is shared. A type, and no interface, so that it is a record, too. */
type Data = {
  score: number;
  name: string;
  nested: { text: string };
  items: number[];
};

/** What each library can be asked to do. */
type Work = Readonly<Record<"score += 1" | "a string" | "an item", () => void>>;

const TEXTS = ["a text of some length", "and another one, as long"];
/** Operations in a slice. Count. */
const TURNS = 2000;

function data(): Data {
  return {
    score: 0,
    name: "peers",
    nested: { text: "" },
    items: Array.from({ length: 64 }, (_, k) => k),
  };
}

let turn = 0;
let sum = 0;

/** Next of the texts. */
function text(): string {
  return TEXTS[++turn & 1];
}

function ours(build: Build): Work {
  const heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
  const shared = heap.from(data());
  const nested = shared.get("nested") as typeof shared;
  const items = heap.from(data().items);
  return {
    "score += 1"() {
      shared.update("score", (score) => (score as number) + 1, 0);
    },
    "a string"() {
      nested.set("text", text());
    },
    "an item"() {
      sum += items.getJS(++turn & 63) as number;
    },
  };
}

function bnaya(): Work {
  const { acquireLock, releaseLock } = objectbuffer;
  const coders = {
    textDecoder: new TextDecoder(),
    textEncoder: new TextEncoder(),
  };
  const options = { useSharedArrayBuffer: true };
  const size = 64 * 1024 * 1024;
  const shared: Data = objectbuffer.createObjectBuffer(
    coders,
    size,
    data(),
    options,
  );
  const locked = (run: () => void) => () => {
    if (!acquireLock(1, shared)) throw new Error("Cannot take the lock");
    run();
    releaseLock(1, shared);
  };
  return {
    "score += 1": locked(() => {
      shared.score += 1;
    }),
    "a string": locked(() => {
      shared.nested.text = text();
    }),
    "an item": locked(() => {
      sum += shared.items[++turn & 63];
    }),
  };
}

function multithreading(): Work {
  const mutex = new Mutex(
    new SharedJsonBuffer(data(), { size: 64 * 1024 * 1024 }),
  );
  const locked = (run: (shared: Data) => void) => () => {
    const guard = mutex.blockingLock();
    run(guard.value);
    guard.dispose();
  };
  return {
    "score += 1": locked((shared) => {
      shared.score += 1;
    }),
    "a string": locked((shared) => {
      shared.nested.text = text();
    }),
    "an item": locked((shared) => {
      sum += shared.items[++turn & 63];
    }),
  };
}

const LIBRARIES: Readonly<Record<string, () => Work>> = {
  "obmalloc, GIL": () => ours("gil"),
  "obmalloc, free-threaded": () => ours("free-threaded"),
  "@bnaya/objectbuffer": bnaya,
  "multithreading": multithreading,
};

/** Fastest slice of each operation. Nanoseconds an operation. */
function measure(work: Work, rounds: number): Record<string, number> {
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(work)) {
      const start = performance.now();
      for (let k = 0; k < TURNS; k++) run();
      const ns = (performance.now() - start) / TURNS * 1e6;
      best[name] = Math.round(Math.min(best[name] ?? Infinity, ns));
    }
  }
  return best;
}

/** The same in a process of its own. */
async function measureApart(
  library: string,
  rounds: string,
): Promise<Record<string, number>> {
  const program = fileURLToPath(import.meta.url);
  const args = ["run", "-A", program, "--rounds", rounds, "--only", library];
  const text = await outputOf(Deno.execPath(), args);
  if (text === null) throw new Error(`Cannot measure ${library}`);
  return JSON.parse(text);
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "60" },
    only: { type: "string" },
  },
});
if (values.only !== undefined) {
  const best = measure(LIBRARIES[values.only](), Number(values.rounds));
  console.log(JSON.stringify(best));
  if (!Number.isFinite(sum)) throw new Error("An item was no number");
  Deno.exit(0); // multithreading keeps its workers
}
const rows: Record<string, Record<string, number>> = {};
for (const library of Object.keys(LIBRARIES)) {
  rows[library] = await measureApart(library, values.rounds);
}
console.table(rows);
