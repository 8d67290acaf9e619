/**
 * The watchdog: notices that nothing happens any more, and says who did what
 * last. It runs on the main thread, which never waits itself.
 *
 * ## Threads
 *   Reads worker records, which their workers go on writing. // racy hint
 *
 * @module
 */

import type { Control } from "./control.ts";
import type { Finding } from "./finding.ts";
import type { Words } from "./pattern.ts";
import { DOMAINS } from "./sizes.ts";
import * as WorkerRecord from "./worker_record.ts";

/** The last call of a worker in words. */
export function describeCall(i32: Words, record: number): string {
  const what = i32[record + WorkerRecord.OP];
  if (what === WorkerRecord.NOTHING) return "no call yet";
  const domain = DOMAINS[i32[record + WorkerRecord.DOMAIN]];
  const address = (i32[record + WorkerRecord.ADDRESS] >>> 0).toString(16);
  const size = i32[record + WorkerRecord.SIZE] >>> 0;
  const newSize = i32[record + WorkerRecord.NEW_SIZE] >>> 0;
  const name = `${WorkerRecord.CALLS[what]} in ${domain}`;
  const running = i32[record + WorkerRecord.IN_OP] === 1 ? ", not back" : "";
  if (what === WorkerRecord.REALLOC) {
    return `${name} of 0x${address} from ${size} to ${newSize}${running}`;
  }
  return what === WorkerRecord.FREE
    ? `${name} of 0x${address} (${size} bytes)${running}`
    : `${name} of ${size} bytes${running}`;
}

/** What each worker does, one line each. */
export function describeWorkers(control: Control): string[] {
  const { i32 } = control;
  const lines: string[] = [];
  for (let worker = 0; worker < control.workers; worker++) {
    const record = control.record(worker);
    const phase = WorkerRecord.PHASES[i32[record + WorkerRecord.PHASE]];
    const life = i32[record + WorkerRecord.LIFE];
    const round = i32[record + WorkerRecord.ROUND];
    const ops = i32[record + WorkerRecord.OPS] >>> 0;
    const call = describeCall(i32, record);
    lines.push(
      `worker ${worker} (life ${life}, round ${round}, op ${ops}) ` +
        `is ${phase}; last call: ${call}`,
    );
  }
  return lines;
}

/** Watches the progress of one run. */
export class Watchdog {
  readonly #control: Control;
  readonly #patience: number;
  #seen = -1;
  #since = 0;

  /**
   * @param control Of the run to watch.
   * @param patience How long nothing may happen. Seconds.
   */
  constructor(control: Control, patience: number) {
    this.#control = control;
    this.#patience = patience;
  }

  /**
   * Looks whether anything has happened since the last look.
   *
   * @param now Milliseconds.
   * @returns The finding that everything stands still, or undefined.
   */
  look(now: number): Finding | undefined {
    const seen = this.#fingerprint();
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#since = now;
    }
    if (now - this.#since < this.#patience * 1000) return undefined;
    const lines = describeWorkers(this.#control);
    const text = `Nothing has happened for ${this.#patience} seconds:`;
    return {
      kind: "hang",
      text: [text, ...lines].join("\n    "),
      worker: -1,
      life: 0,
      round: 0,
      op: 0,
    };
  }

  /**
   * A number that grows whenever any worker makes progress. Phases do not
   * count: who waits in vain goes through them again and again.
   */
  #fingerprint(): number {
    const control = this.#control;
    return control.total(WorkerRecord.OPS) +
      control.total(WorkerRecord.THREADS) +
      control.total(WorkerRecord.CHECKS);
  }
}
