/** The keyed hash of bytes, against another way to write it. */

import { assert, assertEquals } from "@std/assert";
import { createHeap } from "../../mod.ts";
import * as Hash from "../../src/objects/hash.ts";
import { Protocol } from "../../src/objects/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { openObjects, using } from "./objects_fixture.ts";

/** HalfSipHash from its definition: a state of four, rounds by a function. */
function reference(
  bytes: Uint8Array,
  key: readonly number[],
  rounds: readonly [number, number],
): number {
  const v = [key[0], key[1], key[0] ^ 0x6c796765, key[1] ^ 0x74656462];
  const turn = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  const half = (a: number, b: number, by: number) => {
    v[a] = (v[a] + v[b]) | 0;
    v[b] = turn(v[b], by) ^ v[a];
  };
  const round = () => {
    half(0, 1, 5);
    v[0] = turn(v[0], 16);
    half(2, 3, 8);
    half(0, 3, 7);
    half(2, 1, 13);
    v[2] = turn(v[2], 16);
  };
  const take = (word: number) => {
    v[3] ^= word;
    for (let k = 0; k < rounds[0]; k++) round();
    v[0] ^= word;
  };
  const padded = new Uint8Array((bytes.length >>> 2) * 4 + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  new Int32Array(padded.buffer).forEach(take);
  v[2] ^= 0xff;
  for (let k = 0; k < rounds[1]; k++) round();
  return v[1] ^ v[3];
}

const KEY = [0x03020100, 0x07060504];

Deno.test("the reference gives the published hash of no bytes", () => {
  assertEquals(reference(new Uint8Array(0), KEY, [2, 4]), 0x5b9f35a9);
});

Deno.test("halfSip() is HalfSipHash-1-3, whatever follows the bytes", () => {
  const random = new Prng(5, 0);
  for (let size = 0; size < 70; size++) {
    const bytes = Uint8Array.from({ length: 80 }, () => random.below(256));
    const words = new Int32Array(bytes.buffer);
    const found = Hash.halfSip(words, 0, size, KEY[0], KEY[1]);
    assertEquals(found, reference(bytes.slice(0, size), KEY, [1, 3]));
  }
});

Deno.test("heaps have different secrets, and hash text differently", () => {
  const hashes = [1, 2, 3].map(() => {
    using heap = createHeap({ maxBytes: 8 * 1024 * 1024 });
    const o = openObjects(heap);
    return using(o, "some text", (op) => Protocol.hash(o, op));
  });
  assert(new Set(hashes).size > 1);
});
