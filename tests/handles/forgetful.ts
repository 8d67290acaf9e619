/**
 * A program that forgets handles; run with `--v8-flags=--expose-gc BUILD`.
 * Prints what became of them.
 */

import { type Build, createHeap, type Heap } from "../../mod.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { liveBlocks } from "../helpers/heap_fixture.ts";
import { objectsIn } from "./scene.ts";

const COUNT = 20;
const { gc } = globalThis as { gc?(): void };

/** Makes handles and forgets them. */
function forget(heap: Heap): void {
  for (let k = 0; k < COUNT; k++) heap.from([k + 0.5]);
}

/** Lets the engine find what is garbage. */
async function collect(heap: Heap): Promise<void> {
  for (let round = 0; round < 50 && heap.forgottenHandles < COUNT; round++) {
    gc?.();
    // Finalizers of the engine are tasks of their own.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function main(build: Build): Promise<void> {
  using heap = createHeap({ build, maxBytes: 32 * 1024 * 1024 });
  const names: string[] = [];
  heap.onForgotten = ({ typeName }) => names.push(typeName);
  using kept = heap.from([1]);
  forget(heap);
  heap.threads.detach();
  await collect(heap);
  const { forgottenHandles: forgotten } = heap;
  const detached = { forgotten, told: names.length };
  heap.threads.attach();
  const told = names.length;
  const attached = {
    forgotten: heap.forgottenHandles,
    told,
    names: [...new Set(names)],
  };
  const { openHandles: open } = heap;
  const { refcount } = kept;
  kept.close();
  FreeLists.clear(objectsIn(heap));
  const left = liveBlocks(heap, "obj");
  console.log(JSON.stringify({ detached, attached, open, refcount, left }));
}

await main(Deno.args[0] as Build);
