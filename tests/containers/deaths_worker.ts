/**
 * Whoever changes a list, and counts references of an object, until it is told
 * to stop or is killed.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { attach, type Heap } from "../../mod.ts";
import { List, Long, type Objects, open } from "../../src/objects/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { locks } from "../platform/web_locks.ts";
import {
  ENDED,
  ID,
  LEAST,
  LENGTH,
  MOST,
  OPS,
  type Part,
  STOP,
} from "./deaths_ledger.ts";

/** Claims that an object is an item, and drops it. */
function inspect(o: Objects, item: number): void {
  const value = Long.toNumber(o, item);
  o.decref(item);
  if (value < LEAST || value >= MOST) throw new Error(`An item is ${value}`);
}

/** Gets an item, if it is there. */
function get(o: Objects, list: number, index: number): void {
  try {
    inspect(o, List.getItem(o, list, index));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** Takes an item out, if there is one. */
function pop(o: Objects, list: number, index: number): void {
  try {
    inspect(o, List.pop(o, list, index));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** One more item, in front or at the end. */
function put(o: Objects, list: number, value: number): void {
  const item = Long.fromNumber(o, value);
  const isPut = value % 2 === 0
    ? List.append(o, list, item)
    : List.insert(o, list, 0, item);
  o.decref(item);
  if (!isPut) throw new Error("No memory");
}

/** Does something with the list and the object. */
function act(o: Objects, { list, object }: Part, random: Prng): void {
  o.incref(object);
  const choice = random.below(8);
  if (choice < 3) put(o, list, LEAST + random.below(MOST - LEAST));
  else if (choice < 5) get(o, list, random.below(LENGTH));
  else if (choice < 6) List.reverse(o, list);
  else pop(o, list, choice < 7 ? 0 : -1);
  while (List.length(o, list) > LENGTH) pop(o, list, -1);
  o.decref(object);
}

function work(part: Part, heap: Heap, o: Objects): void {
  const { ledger } = part;
  const random = new Prng(part.seed);
  heap.threads.attach();
  while (Atomics.load(ledger, STOP) === 0) {
    act(o, part, random);
    Atomics.add(ledger, OPS, 1);
    heap.threads.safePoint();
  }
  heap.close();
  Atomics.store(ledger, ENDED, 1);
}

async function start(part: Part): Promise<void> {
  const heap = attach(part.handle);
  const o = open(heap.core);
  if (o === null) throw new Error("Cannot open the objects of a heap");
  heap.threads.detach();
  await heap.certify();
  Atomics.store(part.ledger, ID, heap.threads.id);
  // In a Web Lock, so that terminate() stops it; see the probes.
  await locks.request(`work of ${heap.threads.id}`, () => {
    work(part, heap, o);
  });
}

start(workerData as Part);
