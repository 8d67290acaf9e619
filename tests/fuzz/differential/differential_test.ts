/**
 * A few scripts against CPython's pymalloc, where one can be built, and that a
 * difference is seen. Where there is none the tests have nothing to say.
 */

import { assert, assertEquals } from "@std/assert";
import * as PageMap from "../../../src/layout/page_map.ts";
import { compare, differenceOf, Oracle, scriptOf } from "./oracle.ts";
import { compareStats } from "./python.ts";

Deno.test("random scripts land where CPython puts them (seed 5)", () => {
  const { note, isCompared } = compare(5, 4, 5000);
  assertEquals(isCompared ? note : "", "");
});

Deno.test("a difference of one place is seen", () => {
  const opened = Oracle.open();
  if (typeof opened === "string") return;
  using oracle = opened;
  const trace = scriptOf(6, 0, 3000, PageMap.OBJ);
  assertEquals(differenceOf(oracle, trace, PageMap.OBJ), "");
  const text = differenceOf(oracle, trace, PageMap.OBJ, (expected) => ({
    ...expected,
    placement_hash: "00000000",
  }));
  assert(text.includes("placement_hash"), text);
});

Deno.test("Python counts the same blocks in each class (seed 3)", async () => {
  const { note, isCompared, classes } = await compareStats(3, 20000);
  if (!isCompared) return;
  assertEquals(note, "");
  assert(classes > 4, `${classes} classes were compared`);
});

Deno.test("one block too many in each class is seen", async () => {
  const sizes = Array.from({ length: 14 }, (_, k) => 289 + 16 * k);
  const spoil = (lines: number[]) => [...lines, ...sizes];
  const { note, isCompared, classes } = await compareStats(3, 2000, spoil);
  if (!isCompared) return;
  assertEquals(note.split("; ").length, classes, note);
});
