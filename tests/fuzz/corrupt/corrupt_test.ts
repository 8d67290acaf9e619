/**
 * Damaged heaps, shortly: a few checks and calls in a process that may hang,
 * and that hangs, untyped errors and strange addresses are noticed.
 */

import { assert, assertEquals } from "@std/assert";
import { reasonOf } from "./exempt.ts";
import { isTyped, untyped } from "./outcome.ts";
import { runCases } from "./run.ts";
import { MemoryError, PointerError } from "../../../mod.ts";

Deno.test("a check of a damaged heap ends and is typed (seed 1)", async () => {
  const { faults, hangs, cases } = await runCases("check", 1, 0, 150, 1);
  assertEquals([...hangs, ...faults], []);
  assertEquals(cases, 150);
});

Deno.test("calls of a damaged heap end and are typed (seed 1)", async () => {
  const { faults, hangs } = await runCases("calls", 1, 0, 30, 1);
  assertEquals([...hangs, ...faults], []);
});

Deno.test("a call that does not end is noticed", async () => {
  const { hangs, cases } = await runCases("canary-hang", 1, 0, 3, 1);
  assertEquals(hangs, [[0, "the canary hangs"]]);
  assertEquals(cases, 1);
});

Deno.test("errors of the engine are told from ours", () => {
  assert(isTyped(new MemoryError("No memory is left")));
  assert(isTyped(new PointerError("Cannot free 0x10")));
  assert(!isTyped(new RangeError("Invalid atomic access index")));
  assert(!isTyped(new TypeError("x is undefined")));
  assert(untyped(new TypeError("x")).includes("TypeError: x"));
});

Deno.test("regions that must be found are not exempt", () => {
  for (
    const region of [
      "gil: pool used COUNT",
      "gil: pool used FREEBLOCK",
      "free-threaded: free block, link",
      "gil: set USABLE_ARENAS",
      "gil: runs BINS, used",
      "free-threaded: FREE_RUN first LENGTH",
    ]
  ) {
    assertEquals(reasonOf(region), "", region);
  }
  assert(reasonOf("gil: thread caller STAT_ADOPTED") !== "");
});
