/**
 * A worker of `words.ts`: counts its share of the words in the common dict.
 *
 * @module
 */

import { attach, type HeapHandle, type ShareToken } from "../../mod.ts";
import type { PyDict } from "../../mod.ts";

/** What a worker is told. */
export interface Order {
  readonly handle: HeapHandle;
  readonly token: ShareToken;
  /** Words, separated by spaces. */
  readonly text: string;
  /** Word that says when to start. */
  readonly start: Int32Array<SharedArrayBuffer>;
}

/** Words between two safe points. Count. */
const BETWEEN = 500;

function count(dict: PyDict, text: string, safePoint: () => void): void {
  let k = 0;
  for (const word of text.split(" ")) {
    dict.update(word, (before) => (before as number) + 1, 0);
    if (++k % BETWEEN === 0) safePoint();
  }
}

self.onmessage = ({ data }: MessageEvent<Order>) => {
  const heap = attach(data.handle);
  using dict = heap.receive(data.token) as PyDict;
  const safePoint = () => heap.threads.safePoint();
  heap.threads.detach();
  Atomics.add(data.start, 1, 1);
  Atomics.notify(data.start, 1);
  Atomics.wait(data.start, 0, 0);
  heap.threads.attach();
  count(dict, data.text, safePoint);
  dict.close();
  heap.close();
  self.postMessage("done");
  self.close();
};
