/**
 * Lets workers die at work and recovers them, in this process, while another
 * worker goes on; prints what came out as one line of JSON.
 *
 * ```sh
 * deno run -A tests/real/kills/run.ts --how kill --build gil --deaths 10
 * ```
 *
 * Runs in Node as well, once its types are stripped (`node.ts`).
 *
 * ## Threads
 *   This thread recovers and checks, and is detached otherwise. What a dead
 *   worker held is in its ledger.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { Worker as NodeWorker } from "node:worker_threads";
import { createHeap, type Heap, type RevokeReport } from "../../../mod.ts";
import { mix, Random } from "../../../src/tools/stress/random.ts";
import { inspect, LETTERS, release } from "./churn.ts";
import type { Part, Role } from "./kill_worker.ts";
import {
  COMING,
  ENTRIES,
  GO,
  GOING,
  HELD,
  ID,
  Ledger,
  OPS,
  READY,
  RESIZING,
  STOP,
  type Words,
} from "./ledger.ts";

/** What came out. */
export interface Outcome {
  /** What was found, or `""`. */
  found: string;
  /** Workers that died and were recovered. Count. */
  deaths: number;
  /** Of these, how many had the GIL. Count. */
  hadGil: number;
  /** Blocks that they held and that were freed for them. Count. */
  held: number;
  /** Pools that they left. Count. */
  pools: number;
  /** Pools that others have adopted. Count. */
  adopted: number;
  /** Operations that were under way. Count. */
  underWay: number;
  /** Blocks that nobody has in the end. Count. */
  leaked: number;
  /** Blocks that recovery itself counts as lost. Count. */
  lost: number;
  /** Highest slot of a worker that died. */
  slotMax: number;
  /** Operations of the survivor. Count. */
  survived: number;
  /** Time of it all. Seconds. */
  seconds: number;
}

/** What may be planted: the verdict must then be bad. */
export type Canary = "" | "forget" | "leak" | "damage";

/** Size of the heap. Bytes. */
const HEAP_BYTES = 32 * 1024 * 1024;
/** Time for anything that must happen. Milliseconds. */
const PATIENCE_MS = 10000;
/** The same with a canary, which is not worth waiting for. Milliseconds. */
const CANARY_MS = 2000;
/** Most operations, or atomic accesses, before a death. Count. */
const FUSE_MAX = 20000;

const isDeno = "Deno" in globalThis;
const ENTRY = new URL(
  isDeno ? "./kill_worker.ts" : "./kill_worker.js",
  import.meta.url,
);

let patienceMs = PATIENCE_MS;

/** Says on the standard error where it is, for those who find it stuck. */
function stage(text: string): void {
  console.error(text);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** Waits until something holds; throws if it never does. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what}: not in time`);
    await turn();
  }
}

/** A worker and its ledger. */
class Member {
  readonly ledger: Ledger;
  readonly part: Part;
  isDone = false;
  /** What it died of, if it was an error. */
  fault = "";
  readonly #worker: NodeWorker | Worker;

  constructor(part: Part) {
    this.part = part;
    this.ledger = new Ledger(part.ledger);
    // Only these can be killed; only Web Workers can close themselves.
    this.#worker = part.role === "kill" || !isDeno
      ? this.#startNode()
      : this.#startWeb();
  }

  #startNode(): NodeWorker {
    const worker = new NodeWorker(ENTRY, { workerData: this.part });
    worker.on("message", () => this.isDone = true);
    worker.on("error", (error: Error) => this.fault = error.message);
    return worker;
  }

  #startWeb(): Worker {
    const worker = new Worker(ENTRY, { type: "module" });
    worker.onmessage = () => this.isDone = true;
    worker.onerror = (event) => {
      event.preventDefault();
      this.fault = event.message;
    };
    worker.postMessage(this.part);
    return worker;
  }

  get ops(): number {
    return Atomics.load(this.ledger.words, OPS);
  }

  get id(): number {
    return Atomics.load(this.ledger.words, ID);
  }

  async ready(): Promise<void> {
    await until(
      () => Atomics.load(this.ledger.words, READY) === 1,
      `A worker for ${this.part.role} starts (${this.fault})`,
    );
  }

  /** Lets it work. */
  go(): void {
    Atomics.store(this.ledger.words, GO, 1);
    Atomics.notify(this.ledger.words, GO);
  }

  /** Ends the worker. In Node it has come to a halt then. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A heap, who works with it, and what became of the others. */
class Theatre {
  readonly heap: Heap;
  readonly mail: Words = new Int32Array(new SharedArrayBuffer(LETTERS * 4));
  readonly outcome: Outcome;
  readonly #random: Random;
  readonly #seed: number;
  readonly #reports = new Map<number, RevokeReport>();
  readonly #canary: Canary;
  #members = 0;

  constructor(
    build: "gil" | "free-threaded",
    seed: number,
    canary: Canary,
  ) {
    this.#canary = canary;
    this.heap = createHeap({
      build,
      maxBytes: HEAP_BYTES,
      switchInterval: 0.0005,
    });
    this.heap.threads.detach();
    this.#random = new Random(seed);
    this.#seed = seed;
    this.outcome = {
      found: "",
      deaths: 0,
      hadGil: 0,
      held: 0,
      pools: 0,
      adopted: 0,
      underWay: 0,
      leaked: 0,
      lost: 0,
      slotMax: 0,
      survived: 0,
      seconds: 0,
    };
  }

  start(role: Role): Member {
    return new Member({
      role,
      handle: this.heap.handle,
      ledger: Ledger.create(),
      mail: this.mail,
      seed: mix(this.#seed ^ ++this.#members),
      fuse: this.#random.logarithmic(1, FUSE_MAX),
    });
  }

  /** Lets a member die and recovers it. */
  async bury(member: Member): Promise<void> {
    await member.ready();
    member.go();
    if (member.part.role === "kill") {
      await until(
        () => member.ops >= Math.min(member.part.fuse, 3000),
        "A worker works",
      );
      await member.kill();
    }
    if (this.#canary === "forget") {
      await until(() => member.fault !== "", "A worker dies");
      return;
    }
    stage(`recovers thread ${member.id & 255}`);
    const report = await this.#recover(member);
    this.#note(report);
    stage("frees what it held, checks");
    this.#inherit(member);
  }

  /** Waits until a member is recovered. */
  async #recover(member: Member): Promise<RevokeReport> {
    if (!isDeno) return this.heap.revoke(member.id, { dead: true });
    const deadline = performance.now() + patienceMs;
    while (true) {
      for (const report of await this.heap.reap()) {
        this.#reports.set(report.id, report);
      }
      const report = this.#reports.get(member.id);
      if (report) return report;
      if (performance.now() > deadline) {
        throw new Error(`A worker for ${member.part.role} is not recovered`);
      }
      await turn();
    }
  }

  #note(report: RevokeReport): void {
    const { outcome } = this;
    if (!report.isRecovered) throw new Error("Reaped and not recovered");
    outcome.deaths++;
    outcome.hadGil += report.hadGil ? 1 : 0;
    outcome.pools += report.pools;
    outcome.lost += report.lostBlocks;
    outcome.slotMax = Math.max(outcome.slotMax, report.slot);
    if (report.lostBlocks > 1) {
      throw new Error(`${report.lostBlocks} blocks of one worker are lost`);
    }
  }

  /** Frees what a dead member held, and checks the heap. */
  #inherit({ ledger }: Member): void {
    const { heap, outcome } = this;
    heap.threads.attach();
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (ledger.state(entry) !== HELD) continue;
      if (this.#canary === "leak") continue;
      if (this.#canary === "damage") heap.i32[ledger.address(entry) >>> 2]++;
      inspect(heap, ledger.address(entry), ledger.size(entry));
      release(heap, ledger.domain(entry), ledger.address(entry));
      outcome.held++;
    }
    outcome.underWay += ledger.count(COMING, GOING) +
      2 * ledger.count(RESIZING);
    const { findings } = heap.check();
    if (findings.length > 0) throw new Error(findings.join("\n"));
    heap.threads.detach();
  }

  /** Ends the survivor, empties the heap, counts what is left. */
  async end(survivor: Member): Promise<void> {
    stage("ends");
    Atomics.store(survivor.ledger.words, STOP, 1);
    await until(() => survivor.isDone, `The survivor ends (${survivor.fault})`);
    const { heap, outcome } = this;
    heap.threads.attach();
    for (let letter = 0; letter < LETTERS; letter++) {
      const ticket = Atomics.exchange(this.mail, letter, 0);
      if (ticket !== 0) release(heap, ticket & 15, (ticket & ~15) >>> 0);
    }
    const { findings, blocks } = heap.check();
    if (findings.length > 0) throw new Error(findings.join("\n"));
    outcome.leaked = blocks[0] + blocks[1] + blocks[2];
    outcome.adopted = heap.stats().poolsAdopted;
    outcome.survived = survivor.ops;
    if (outcome.leaked > outcome.underWay) {
      throw new Error(
        `${outcome.leaked} blocks leaked, ${outcome.underWay} under way`,
      );
    }
    heap.close();
  }
}

/** Lets workers die, one after the other; the next is ready by then. */
async function runDeaths(
  theatre: Theatre,
  how: Role,
  deaths: number,
): Promise<void> {
  const survivor = theatre.start("survivor");
  await survivor.ready();
  survivor.go();
  let next = theatre.start(how);
  for (let n = 1; n <= deaths; n++) {
    const member = next;
    if (n < deaths) next = theatre.start(how);
    stage(`death ${n}`);
    await theatre.bury(member);
    stage("waits for the survivor");
    const before = survivor.ops;
    await until(
      () => survivor.ops > before,
      `The survivor goes on (${survivor.fault})`,
    );
  }
  await theatre.end(survivor);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      how: { type: "string", default: "kill" },
      build: { type: "string", default: "free-threaded" },
      deaths: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      canary: { type: "string", default: "" },
    },
  });
  const build = values.build === "gil" ? "gil" : "free-threaded";
  const canary = values.canary as Canary;
  if (canary !== "") patienceMs = CANARY_MS;
  const theatre = new Theatre(build, Number(values.seed), canary);
  const start = performance.now();
  try {
    await runDeaths(theatre, values.how as Role, Number(values.deaths));
  } catch (error) {
    theatre.outcome.found = textOf(error);
  }
  theatre.outcome.seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify(theatre.outcome));
  process.exit(0); // who is stuck would keep us
}

await main();
