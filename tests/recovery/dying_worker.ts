/**
 * A worker that takes its death certificate, allocates, tells its id, and ends
 * without closing the heap.
 */

/// <reference lib="deno.worker" />

import { attach, type HeapHandle } from "../../mod.ts";

self.onmessage = async ({ data }: MessageEvent<HeapHandle>) => {
  const heap = attach(data);
  await heap.certify();
  for (let k = 0; k < 100; k++) heap.mem.malloc(100);
  self.postMessage(heap.threads.id);
  self.close();
};
