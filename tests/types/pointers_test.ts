/**
 * Pointers of different domains do not mix: the lines below that carry
 * `@ts-expect-error` are checked by the compiler, and a file of its own that
 * mixes domains must fail `deno check`.
 */

import { fileURLToPath } from "node:url";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import type { MemPtr, ObjPtr, RawPtr, TypedPtr } from "../../src/types/mod.ts";

const MOD = import.meta.resolve("../../mod.ts");
const CONFIG = import.meta.resolve("../../deno.json");

/** Each line is wrong in one way; `heap` and the pointers stand before it. */
const WRONG: readonly (readonly [string, string])[] = [
  ["heap.obj.free(mem);", "MemPtr"],
  ["heap.mem.free(obj);", "ObjPtr"],
  ["heap.raw.free(mem);", "MemPtr"],
  ["heap.mem.free(raw);", "RawPtr"],
  ["heap.obj.realloc(raw, 8);", "RawPtr"],
  ["heap.mem.free(mem + 16);", "number"],
  ["heap.mem.free(64);", "64"],
  ["const kept: ObjPtr = heap.mem.malloc(8); void kept;", "MemPtr"],
];

const RIGHT = `
heap.raw.free(raw);
heap.mem.free(mem);
heap.obj.free(obj);
heap.u8[mem + 1] = heap.u8[obj];
const moved: RawPtr = heap.raw.realloc(heap.raw.malloc(1), 2);
heap.mem.free(0);
void moved;
`;

function program(body: string): string {
  return `
import { createHeap, type MemPtr, type ObjPtr, type RawPtr } from "${MOD}";
const heap = createHeap();
const raw: RawPtr = heap.raw.malloc(8);
const mem: MemPtr = heap.mem.malloc(8);
const obj: ObjPtr = heap.obj.malloc(8);
void [raw, mem, obj];
${body}
`;
}

/** Runs `deno check` on programs; returns what it says about all of them. */
async function check(...bodies: string[]): Promise<[number, string]> {
  const folder = await Deno.makeTempDir();
  try {
    const files = bodies.map((_, i) => `${folder}/program_${i}.ts`);
    for (const [i, file] of files.entries()) {
      await Deno.writeTextFile(file, program(bodies[i]));
    }
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", fileURLToPath(CONFIG), ...files],
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    return [code, decoder.decode(stdout) + decoder.decode(stderr)];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("deno check accepts pointers used in their own domain", async () => {
  const [code, text] = await check(RIGHT);
  assertEquals(code, 0, text);
});

Deno.test("deno check refuses each mixture of domains", async () => {
  const [code, text] = await check(...WRONG.map(([line]) => line));
  assertEquals(code, 1, text);
  for (const [i, [line, type]] of WRONG.entries()) {
    assertStringIncludes(text, `program_${i}.ts`, line);
    assertStringIncludes(text, type, line);
  }
  assertStringIncludes(text, `Found ${WRONG.length} errors`);
});

/** Stands for `PyMem_Free`; no heap is needed to look at types. */
function freeMem(block: MemPtr | 0): number {
  return block;
}

Deno.test("pointer types are numbers that keep apart", () => {
  const mem = 64 as MemPtr;
  const obj = 64 as ObjPtr;
  const raw = 64 as RawPtr;
  const typed = 64 as TypedPtr<{ size: number }>;
  assertEquals(freeMem(mem), 64);
  assertEquals(freeMem(0), 0);
  assertEquals(freeMem(typed), 64);
  // @ts-expect-error An ObjPtr is no MemPtr.
  assertEquals(freeMem(obj), 64);
  // @ts-expect-error A RawPtr is no MemPtr.
  assertEquals(freeMem(raw), 64);
  // @ts-expect-error The result of arithmetic is an address, not a block.
  assertEquals(freeMem(mem + 16), 80);
  assertType<IsExact<MemPtr, ObjPtr>>(false);
  assertType<IsExact<MemPtr & number, MemPtr>>(true);
});
