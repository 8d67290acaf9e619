/**
 * What our workers and the thread that starts them say to each other.
 *
 * One message starts a worker, {@linkcode Start}; the worker answers on the
 * port that came with it, does all its work without looking at its event loop,
 * sends {@linkcode Done} and closes itself. Whatever else has to be said while
 * it works goes through shared memory.
 *
 * @module
 */

import type { Finding } from "../src/tools/stress/finding.ts";
import type { Order } from "../src/tools/stress/work.ts";

/** Starts a stress worker; the first and only message to it. */
export interface Start {
  /** Always `"stress"`. */
  readonly kind: "stress";
  /** What to do. */
  readonly order: Order;
  /** Where to report; transferred. */
  readonly port: MessagePort;
}

/** The last message of a worker. */
export interface Done {
  /** Always `"done"`. */
  readonly kind: "done";
  /** What it found, or undefined. */
  readonly finding: Finding | undefined;
}

/** Whether a message starts a stress worker. */
export function isStart(data: unknown): data is Start {
  return typeof data === "object" && data !== null && "kind" in data &&
    data.kind === "stress" && "order" in data && "port" in data;
}

/** Whether a message is the last one of a worker. */
export function isDone(data: unknown): data is Done {
  return typeof data === "object" && data !== null && "kind" in data &&
    data.kind === "done";
}
