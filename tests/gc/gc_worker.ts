/** Worker of the tests of the collector with real workers. */

import { attach, type HeapHandle } from "../../mod.ts";
import { UserType } from "../../src/objects/mod.ts";
import {
  type Control,
  FIRST_FREE,
  isStopped,
  serve,
  signal,
  waitUntil,
} from "../helpers/workers.ts";
import { dropRing, NEXT, nodeOf, OTHER, type Scene, sceneOf } from "./heap.ts";

let scene: Scene | undefined;

function joined(): Scene {
  if (scene === undefined) throw new Error("Not joined");
  return scene;
}

serve<never>({
  join(handle: HeapHandle): number {
    const heap = attach(handle);
    scene = sceneOf(heap);
    heap.threads.detach();
    return heap.threads.id;
  },

  /** Puts a node of this worker between the given one and itself. */
  link(op: number): number {
    const { heap, o } = joined();
    heap.threads.attach();
    const mine = nodeOf(joined());
    UserType.setRef(o, mine, NEXT, op);
    UserType.setRef(o, op, OTHER, mine);
    o.decref(mine);
    heap.threads.detach();
    return mine;
  },

  collect(): number {
    const { heap, gc } = joined();
    heap.threads.attach();
    const found = gc.collect();
    heap.threads.detach();
    return found;
  },

  drop(op: number): void {
    const { heap, o } = joined();
    heap.threads.attach();
    o.decref(op);
    heap.threads.detach();
  },

  /** Makes rings and drops them until it is stopped. Returns how many nodes. */
  churn(seed: number, control: Control): number {
    const { heap } = joined();
    heap.threads.attach();
    let nodes = 0;
    for (let k = seed; !isStopped(control); k++) {
      dropRing(joined(), 1 + k % 7);
      nodes += 1 + k % 7;
      heap.threads.safePoint();
    }
    heap.threads.detach();
    return nodes;
  },

  /** Stays attached without a safe point until it is told. */
  block(_: never, control: Control): void {
    const { heap } = joined();
    heap.threads.attach();
    signal(control, FIRST_FREE, 1);
    waitUntil(control, FIRST_FREE + 1, 1);
    heap.threads.detach();
  },

  leave(): void {
    joined().heap.close();
  },
});
