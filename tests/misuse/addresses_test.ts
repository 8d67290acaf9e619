/**
 * The misuse matrix: every address that is no block of the domain, given to
 * free, realloc and sizeOf. Each call must throw a typed error that names the
 * attempt, the value and the domain, and must not change one word of the heap.
 *
 * Not here: what only the debug hooks can know (a block of a pool freed twice,
 * writes past the end).
 */

import { assert, assertEquals } from "@std/assert";
import {
  createHeap,
  type Heap,
  type MemPtr,
  type ObjPtr,
  PointerError,
  type RawPtr,
} from "../../mod.ts";
import { show } from "../../src/errors.ts";
import {
  assertSound,
  assertUnchanged,
  BUILDS,
  type Calls,
  type Cell,
  CELLS,
  type Domain,
  DOMAINS,
  IDIOMATIC,
  kindAt,
  PYMALLOC_CELLS,
  type Snapshot,
  snapshot,
} from "../helpers/heap_fixture.ts";
import * as PageMap from "../../src/layout/page_map.ts";

/** What is given, and what the text must say that it is. */
type Misuse = readonly [what: string, value: unknown, says?: string];

/** Blocks of each kind; none is freed while the matrix runs. */
interface Blocks {
  readonly zero: number;
  readonly small: number;
  readonly medium: number;
  readonly spanning: number;
  readonly large: number;
}

const MAX_BYTES = 8 * 1024 * 1024;

function allocate(calls: Calls): Blocks {
  return {
    zero: calls.malloc(0),
    small: calls.malloc(64),
    medium: calls.malloc(1000),
    spanning: calls.malloc(32768),
    large: calls.malloc(100000),
  };
}

/**
 * Places that `free` takes on trust when its caller holds the pool: multiples
 * of 16 inside the domain's own small pools. Telling them from blocks costs a
 * quarter of the fast path (README); every other call refuses them.
 */
const TRUSTED = new Set([
  "inside a small block",
  "before a small block",
  "start of a pool",
  "end of a pool",
]);

/** Wrong places of the domain's own blocks. */
function interiors(blocks: Blocks): Misuse[] {
  const { small, medium, spanning, large } = blocks;
  const page = 16384;
  return [
    ["inside a small block", small + 16],
    ["misaligned by 1", small + 1],
    ["misaligned by 4", small + 4],
    ["misaligned by 8", small + 8],
    ["before a small block", small - 16],
    ["start of a pool", small - (small % page)],
    ["never carved part of a span", spanning + 5 * 32768],
    ["end of a pool", small - (small % page) + page - 16],
    ["inside a medium block", medium + 16],
    ["misaligned in a medium block", medium + 1],
    ["inside a spanning block", spanning + 16],
    ["another page of a spanning block", spanning + page],
    ["another page, inside", spanning + page + 16],
    ["inside a large block", large + 16],
    ["another page of a large block", large + page],
    ["another page of a large block, inside", large + 5 * page + 64],
    ["last bytes of a large block", large + 100000 - 16],
    ["fraction above a block", small + 0.5],
    ["block of 2^32 bytes further", small + 2 ** 32],
    ["block of 2^33 bytes further", small + 2 ** 33],
    ["block, negative", -small],
    ["large block of 2^32 bytes further", large + 2 ** 32],
    ["block as text", String(small)],
    ["block as bigint", BigInt(small)],
    ["block in an array", [small]],
    ["block as object", Object(small)],
  ];
}

/** Addresses of no block of anybody, and things that are no address. */
function strangers(heap: Heap): Misuse[] {
  const end = heap.buffer.byteLength;
  return [
    ["first word", 4, "the heap's own tables"],
    ["16", 16, "the heap's own tables"],
    ["first page", 16384, "the heap's own tables"],
    ["page map", 172032 * 4, "the heap's own tables"],
    ["a free page", end - 16384, "free"],
    ["last bytes", end - 16],
    ["the end", end, "outside"],
    ["behind the end", end + 64, "outside"],
    ["2^31", 2 ** 31, "outside"],
    ["2^32 - 16", 2 ** 32 - 16, "outside"],
    ["2^32", 2 ** 32, "outside"],
    ["2^53", 2 ** 53, "outside"],
    ["largest number", Number.MAX_VALUE],
    ["-1", -1],
    ["-16", -16],
    ["-2^31", -(2 ** 31)],
    ["half", 0.5, "no address"],
    ["smallest number", Number.MIN_VALUE, "no address"],
    ["NaN", NaN, "no address"],
    ["Infinity", Infinity, "no address"],
    ["-Infinity", -Infinity, "no address"],
    ["text", "block", "no address"],
    ["empty text", "", "no address"],
    ["undefined", undefined, "no address"],
    ["null", null, "no address"],
    ["true", true, "no address"],
    ["false", false, "no address"],
    ["bigint 0", 0n, "no address"],
    ["bigint", 64n, "no address"],
    ["symbol", Symbol("block"), "no address"],
    ["object", {}, "no address"],
    ["object without prototype", Object.create(null), "no address"],
    ["array", [], "no address"],
    ["function", allocate, "no address"],
  ];
}

/** Blocks of the other domains, each right in its own place. */
function ofOthers(
  heap: Heap,
  domain: Domain,
  all: Map<Domain, Blocks>,
): Misuse[] {
  assertEquals(heap.isClosed, false);
  return DOMAINS.filter((other) => other !== domain).flatMap((other) =>
    Object.entries(all.get(other) ?? {}).map(([kind, block]): Misuse => [
      `${kind} block of ${other}`,
      block,
      `${other} domain`,
    ])
  );
}

/** The calls that take a block, with the verb of their texts. */
function attempts(
  heap: Heap,
  cell: Cell,
): [verb: string, call: (block: number) => unknown][] {
  const calls = cell.face.calls(heap, cell.domain);
  const list: [string, (block: number) => unknown][] = [
    ["free", (block) => calls.free(block)],
    ["reallocate", (block) => calls.realloc(block, 32)],
    ["reallocate", (block) => calls.realloc(block, 50000)],
    ["reallocate", (block) => calls.realloc(block, 0)],
  ];
  if (cell.face === IDIOMATIC) {
    list.push(["measure", (block) => sizeOf(heap, cell.domain, block)]);
  }
  return list;
}

function sizeOf(heap: Heap, domain: Domain, block: number): number {
  switch (domain) {
    case "raw":
      return heap.raw.sizeOf(block as RawPtr);
    case "mem":
      return heap.mem.sizeOf(block as MemPtr);
    case "obj":
      return heap.obj.sizeOf(block as ObjPtr);
  }
}

/** The value as texts show it. */
function shown(value: unknown): string {
  try {
    return show(value);
  } catch {
    return ""; // has no text of its own
  }
}

/** Why an error is not the right one for a misuse, or `""`. */
function faultOf(error: unknown, value: unknown, parts: string[]): string {
  if (!(error instanceof Error)) return "was accepted";
  const expected = typeof value === "number" ? PointerError : TypeError;
  if (!(error instanceof expected)) return `gave ${error}`;
  const missing = parts.filter((part) => !error.message.includes(part));
  return missing.length === 0
    ? ""
    : `does not say "${missing.join('", "')}": ${error.message}`;
}

/** Makes the wrong calls of a list; returns what was not refused properly. */
function refuse(
  heap: Heap,
  cell: Cell,
  misuses: readonly Misuse[],
  before: Snapshot,
): string[] {
  const faults: string[] = [];
  for (const [what, value, says = ""] of misuses) {
    for (const [verb, call] of attempts(heap, cell)) {
      if (verb === "free" && TRUSTED.has(what)) continue;
      const title = `${verb} of ${what}, ${Deno.inspect(value)},`;
      let error: unknown;
      try {
        // The compiler would not let it through; JavaScript does.
        call(value as number);
      } catch (caught) {
        error = caught;
      }
      const parts = [`Cannot ${verb} `, shown(value), `${cell.domain} `, says];
      const fault = faultOf(error, value, parts);
      if (fault !== "") faults.push(`${title} ${fault}`);
      assertUnchanged(heap, before, title);
    }
  }
  return faults;
}

for (const cell of CELLS) {
  Deno.test(`wrong addresses are refused (${cell.name})`, () => {
    using heap = createHeap({ build: cell.build, maxBytes: MAX_BYTES });
    const all = new Map(
      DOMAINS.map((
        domain,
      ) => [domain, allocate(cell.face.calls(heap, domain))]),
    );
    const own = all.get(cell.domain);
    assert(own);
    const before = snapshot(heap);
    const matrix = [
      ...interiors(own),
      ...strangers(heap),
      ...ofOthers(heap, cell.domain, all),
    ];
    assertEquals(refuse(heap, cell, matrix, before), []);
    assertSound(heap);
    for (const [domain, blocks] of all) {
      Object.values(blocks).forEach(cell.face.calls(heap, domain).free);
    }
    assertSound(heap);
  });

  Deno.test(`freed large blocks are refused (${cell.name})`, () => {
    using heap = createHeap({ build: cell.build, maxBytes: MAX_BYTES });
    const calls = cell.face.calls(heap, cell.domain);
    const block = calls.malloc(100000);
    const neighbour = calls.malloc(100000);
    calls.free(block);
    const before = snapshot(heap);
    const first: Misuse[] = [
      ["freed block", block],
      ["its second page", block + 16384],
    ];
    assertEquals(refuse(heap, cell, first, before), []);
    calls.free(neighbour);
    const second: Misuse[] = [["freed neighbour", neighbour]];
    assertEquals(refuse(heap, cell, second, snapshot(heap)), []);
    assertSound(heap);
  });
}

for (const cell of PYMALLOC_CELLS) {
  Deno.test(`blocks of freed pools are refused (${cell.name})`, () => {
    using heap = createHeap({ build: cell.build, maxBytes: MAX_BYTES });
    const calls = cell.face.calls(heap, cell.domain);
    const block = calls.malloc(64);
    calls.free(block);
    assertEquals(kindAt(heap, block), PageMap.FREE);
    const before = snapshot(heap);
    const misuse: Misuse = ["block of a freed pool", block, "free"];
    assertEquals(refuse(heap, cell, [misuse], before), []);
    assertSound(heap);
  });
}

for (const build of BUILDS) {
  Deno.test(`blocks of another heap are refused (${build})`, () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    using other = createHeap({ build, maxBytes: 2 * MAX_BYTES });
    const before = snapshot(heap);
    for (const cell of CELLS.filter((each) => each.build === build)) {
      for (const nbytes of [0, 64, 1000, 100000, 3000000]) {
        const block = cell.face.calls(other, cell.domain).malloc(nbytes);
        const misuse: Misuse = [`${nbytes} bytes of another heap`, block];
        assertEquals(refuse(heap, cell, [misuse], before), []);
        cell.face.calls(other, cell.domain).free(block);
      }
    }
    assertSound(heap);
    assertSound(other);
  });
}
