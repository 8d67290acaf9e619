/**
 * Processes that judge changes, some at a time. One that does not answer in
 * time is killed and replaced; the change that hung it is found.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Verdict } from "./judge.ts";
import { BEGIN, type Order } from "./judge_main.ts";
import { TextLineStream } from "./lines.ts";

const MAIN = fileURLToPath(new URL("./judge_main.ts", import.meta.url));

/** Processes at a time. Count. */
const SIZE = 2;
/** Longest time for a process to start. Milliseconds. */
const START_MS = 300_000;
/**
 * Longest time for one model. Seconds of the processor: with the code as it is
 * each takes a second or two at most.
 */
const ANSWER_CPU = 10;
/** The same by the clock, on a machine that is busy. Milliseconds. */
const ANSWER_MS = 300_000;
/** Orders for one process: what it has loaded it never forgets. Count. */
const ORDERS = 250;
/** Time between two looks at the processor's time. Milliseconds. */
const LOOK_MS = 500;

/** A process. */
class Judge {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;

  constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#orders = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
  }

  /** Waits until it takes orders. */
  async start(): Promise<void> {
    const line = await this.#line(START_MS);
    if (line !== "ready") throw new Error("A judge of mutants did not start");
  }

  /** The verdict, or undefined if there is none in time. */
  async judge(order: Order): Promise<Verdict | undefined> {
    const text = JSON.stringify(order) + "\n";
    await this.#orders.write(new TextEncoder().encode(text));
    while (true) {
      const before = this.#cpu();
      const line = await this.#line(
        ANSWER_MS,
        () => this.#cpu() - before > ANSWER_CPU,
      );
      if (line === undefined) return undefined;
      if (!line.startsWith(BEGIN)) return JSON.parse(line);
    }
  }

  /** Seconds that the process has used; 0 where the system does not say. */
  #cpu(): number {
    try {
      const stat = Deno.readTextFileSync(`/proc/${this.#child.pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return 0;
    }
  }

  async stop(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It is gone.
    }
    await this.#orders.abort().catch(() => {});
    await this.#lines.cancel().catch(() => {});
    await this.#child.status;
  }

  /** The next line, or undefined if it is late or `isOver` says so. */
  async #line(
    ms: number,
    isOver: () => boolean = () => false,
  ): Promise<string | undefined> {
    const end = performance.now() + ms;
    let timer: ReturnType<typeof setInterval> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setInterval(() => {
        if (performance.now() > end || isOver()) resolve(undefined);
      }, LOOK_MS);
    });
    const line = this.#lines.read().then(({ value }) => value);
    const first = await Promise.race([line, late]);
    clearInterval(timer);
    return first;
  }
}

const HUNG: Verdict = {
  model: "a process",
  kind: "endless",
  text: "no answer in time",
  tried: 0,
  cut: 0,
  seconds: ANSWER_CPU,
};

/** Verdicts of orders, in their order; undefined where the time was over. */
export async function judgeAll(
  orders: readonly Order[],
  seconds = Infinity,
  take: (index: number, verdict: Verdict) => void = () => {},
): Promise<(Verdict | undefined)[]> {
  const verdicts: (Verdict | undefined)[] = orders.map(() => undefined);
  const end = performance.now() + seconds * 1000;
  let next = 0;
  async function work(): Promise<void> {
    let judge: Judge | undefined;
    let count = 0;
    while (next < orders.length && performance.now() < end) {
      const index = next++;
      if (!judge) {
        judge = new Judge();
        await judge.start();
      }
      const verdict = await judge.judge(orders[index]);
      if (!verdict || ++count % ORDERS === 0) {
        await judge.stop();
        judge = undefined;
      }
      verdicts[index] = verdict ?? HUNG;
      take(index, verdict ?? HUNG);
    }
    await judge?.stop();
  }
  await Promise.all(Array.from({ length: SIZE }, work));
  return verdicts;
}
