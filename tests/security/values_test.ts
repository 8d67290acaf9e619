/**
 * Values with a will of their own, given to every public function: objects
 * whose conversion calls back, throws or changes its answer, symbols, bigints,
 * numbers at every border. Each call must throw an error that names the
 * attempt, or the error of the conversion itself, and nothing may change.
 */

import { assert, assertEquals } from "@std/assert";
import { createHeap, type Heap } from "../../mod.ts";
import { BUILDS, CELLS, withHeap } from "../helpers/heap_fixture.ts";
import { attempt, hashOf } from "./support.ts";

/** Numbers that are no address of a block in a young heap. */
const NUMBERS = [
  -1,
  -0.5,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 31 - 16,
  2 ** 32,
  2 ** 32 + 16,
  2 ** 53,
  -(2 ** 31),
  -(2 ** 53),
  Number.MIN_VALUE,
  Number.MAX_VALUE,
];

/** An error that only the conversion throws. */
class Conversion extends Error {}

/** Objects that become a number in their own way. */
function actors(heap: Heap, block: number): [string, unknown][] {
  let flips = 0;
  return [
    ["valueOf that is the block", { valueOf: () => block }],
    ["toString that is the block", { toString: () => `${block}` }],
    ["valueOf that flips", { valueOf: () => flips++ % 2 === 0 ? block : 0 }],
    ["valueOf that frees", {
      valueOf() {
        (heap.mem as { free(block: number): void }).free(block);
        return block;
      },
    }],
    ["valueOf that throws", {
      valueOf() {
        throw new Conversion();
      },
    }],
    ["toPrimitive that throws", {
      [Symbol.toPrimitive]() {
        throw new Conversion();
      },
    }],
    ["symbol", Symbol("block")],
    ["bigint", BigInt(block)],
    ["proxy", new Proxy({ valueOf: () => block }, {})],
    ["Date", new Date(block)],
    ["array", [block]],
  ];
}

for (const cell of CELLS) {
  Deno.test(`numbers at borders change nothing (${cell.name})`, () => {
    withHeap(cell.build, (heap) => {
      const calls = cell.face.calls(heap, cell.domain);
      const block = calls.malloc(64);
      const before = hashOf(heap.buffer);
      for (const value of NUMBERS) {
        for (
          const call of [
            () => calls.free(value),
            () => calls.realloc(value, 100),
          ]
        ) {
          const error = attempt(call);
          assert(error instanceof RangeError, `${value}: ${error}`);
          assert(error.message.startsWith("Cannot "), error.message);
        }
      }
      assertEquals(hashOf(heap.buffer), before);
      calls.free(block);
    }, 4 * 1024 * 1024);
  });

  Deno.test(`objects that act as sizes are refused (${cell.name})`, () => {
    withHeap(cell.build, (heap) => {
      const calls = cell.face.calls(heap, cell.domain);
      const block = calls.malloc(64);
      const before = hashOf(heap.buffer);
      for (const [what, value] of actors(heap, 48)) {
        if (what === "valueOf that frees") continue;
        const size = value as number;
        for (
          const call of [
            () => calls.malloc(size),
            () => calls.calloc(size, 8),
            () => calls.calloc(8, size),
            () => calls.realloc(block, size),
          ]
        ) {
          const error = attempt(call);
          assert(
            error instanceof TypeError || error instanceof Conversion,
            `${what}: ${error}`,
          );
        }
      }
      assertEquals(hashOf(heap.buffer), before);
      calls.free(block);
    }, 4 * 1024 * 1024);
  });

  Deno.test(`objects that act as blocks are refused (${cell.name})`, () => {
    withHeap(cell.build, (heap) => {
      const calls = cell.face.calls(heap, cell.domain);
      const block = calls.malloc(64);
      const before = hashOf(heap.buffer);
      for (const [what, value] of actors(heap, block)) {
        if (what === "valueOf that frees") continue;
        for (
          const call of [
            () => calls.free(value as number),
            () => calls.realloc(value as number, 100),
          ]
        ) {
          const error = attempt(call);
          assert(
            error instanceof TypeError || error instanceof Conversion,
            `${what}: ${error}`,
          );
        }
      }
      assertEquals(hashOf(heap.buffer), before);
      calls.free(block);
    }, 4 * 1024 * 1024);
  });
}

for (const build of BUILDS) {
  Deno.test(`a conversion that calls the heap leaves it sound (${build})`, () => {
    withHeap(build, (heap) => {
      const block = heap.mem.malloc(64);
      const freer = actors(heap, block).find(([what]) =>
        what === "valueOf that frees"
      );
      const error = attempt(() => heap.mem.malloc(freer?.[1] as number));
      assert(error instanceof TypeError, `${error}`);
      assert(heap.check().ok);
    }, 4 * 1024 * 1024);
  });

  Deno.test(`wrong options make no heap (${build})`, () => {
    const wrong: unknown[] = [
      { build, maxBytes: "64" },
      { build, maxBytes: 2n ** 30n },
      { build, maxBytes: { valueOf: () => 2 ** 24 } },
      { build, maxBytes: Symbol("size") },
      { build, maxBytes: NaN },
      { build, maxBytes: -1 },
      { build, maxBytes: 2 ** 33 },
      { build, maxBytes: Infinity },
      { build: "GIL" },
      { build: Symbol("gil") },
      { build: { toString: () => "gil" } },
      { build, switchInterval: 0 },
      { build, switchInterval: -1 },
      { build, switchInterval: NaN },
      { build, switchInterval: Infinity },
      { build, switchInterval: 1e9 },
      { build, switchInterval: 1n },
      { build, switchInterval: "1" },
      { build, switchInterval: Symbol("1") },
    ];
    for (const options of wrong) {
      const error = attempt(() => createHeap(options as { maxBytes: number }));
      const isTyped = error instanceof TypeError || error instanceof RangeError;
      const text = `${Deno.inspect(options)}: ${error}`;
      assert(isTyped && error.message.startsWith("Cannot "), text);
    }
  });
}
