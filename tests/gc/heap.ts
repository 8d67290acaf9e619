/**
 * Heaps with objects and a collector, and a type with two references.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  type Build,
  createHeap,
  type Heap,
  type HeapOptions,
} from "../../mod.ts";
import { Gc } from "../../src/gc/mod.ts";
import {
  FreeLists,
  type Objects,
  open,
  UserType,
} from "../../src/objects/mod.ts";
import { assertSound, BUILDS, liveBlocks } from "../helpers/heap_fixture.ts";

/** Field: the next object. Words behind the header. */
export const NEXT = 0;
/** Field: another object. */
export const OTHER = 2;
/** Shape of a node: two references and a number between them. */
export const NODE = { fields: 3, refs: [NEXT, OTHER] } as const;

/** What a test works with. */
export interface Scene {
  /** The heap, attached. */
  readonly heap: Heap;
  /** Its objects. */
  readonly o: Objects;
  /** Its collector, which starts nothing by itself. */
  readonly gc: Gc;
  /** A type of nodes. */
  readonly node: number;
}

/** Objects of a heap; there must be memory for them. */
export function objectsOf(heap: Heap): Objects {
  const o = open(heap.core);
  if (o === null) throw new Error("No memory is left");
  return o;
}

/** Objects and collector of a worker. */
export function sceneOf(heap: Heap): Scene {
  const o = objectsOf(heap);
  const gc = new Gc(o);
  gc.disable();
  return { heap, o, gc, node: UserType.define(o, "Node", NODE) };
}

/** Runs a test in a heap that must be sound, and empty of objects, after it. */
export function withScene(
  options: HeapOptions,
  test: (scene: Scene) => void,
): void {
  using heap = createHeap({ maxBytes: 64 * 1024 * 1024, ...options });
  const scene = sceneOf(heap);
  test(scene);
  FreeLists.clear(scene.o);
  assertEquals(liveBlocks(heap, "obj"), 0);
  assertSound(heap);
}

/** Declares a test for both builds. */
export function inBoth(
  name: string,
  test: (scene: Scene, build: Build) => void,
): void {
  for (const build of BUILDS) {
    Deno.test(`${name} (${build})`, () => {
      withScene({ build }, (scene) => test(scene, build));
    });
  }
}

/** A new node. */
export function nodeOf({ o, node }: Scene): number {
  const op = UserType.create(o, node);
  if (op === 0) throw new Error("No memory is left");
  return op;
}

/** A ring of nodes. Returns one of them, with a reference of the caller's. */
export function ringOf(scene: Scene, length: number): number {
  const { o } = scene;
  const first = nodeOf(scene);
  let last = first;
  for (let k = 1; k < length; k++) {
    const next = nodeOf(scene);
    UserType.setRef(o, last, NEXT, next);
    o.decref(next);
    last = next;
  }
  UserType.setRef(o, last, NEXT, first);
  return first;
}

/** Garbage: a ring that nobody refers to. */
export function dropRing(scene: Scene, length: number): void {
  scene.o.decref(ringOf(scene, length));
}
