/**
 * The op-byte fuzzer, shortly; the bugs that it must find and make short; and
 * heaps that run out of pages.
 */

import { assert, assertEquals } from "@std/assert";
import { BUILDS } from "../../helpers/heap_fixture.ts";
import { sweep } from "./exhaust.ts";
import { fuzz, programOf, runProgram, shrink } from "./fuzz.ts";
import { ACT_BYTES } from "./interpreter.ts";
import { BUGS, HalfDonePort, SpoilingPort } from "./port.ts";
import { CALLS, stackOne } from "./stack.ts";

for (const build of BUILDS) {
  Deno.test(`random programs find nothing (${build}, seed 3)`, () => {
    const { note } = fuzz({ build, thorough: false }, 3, 2e6, 1 << 17);
    assertEquals(note, "");
  });

  Deno.test(`looking at every byte finds nothing (${build}, seed 4)`, () => {
    const { note } = fuzz({ build, thorough: true }, 4, 1e5, 4000);
    assertEquals(note, "");
  });

  Deno.test(`requests that fail change nothing (${build}, seed 1)`, () => {
    const { note, failures, enough } = sweep(build, 1, 60, 16);
    assertEquals(note, "");
    assert(failures > 50 && enough > 0, `${failures}, ${enough}`);
  });

  Deno.test(`a failed realloc that spoils is found (${build}, seed 1)`, () => {
    const { note } = sweep(build, 1, 60, 4, SpoilingPort);
    assert(note.includes("free pages"), note);
  });

  Deno.test(`a call that is half done without stack is found (${build})`, () => {
    const call = CALLS.findIndex(({ name }) => name.startsWith("malloc(48)"));
    const number = call * BUILDS.length + BUILDS.indexOf(build);
    const { fault } = stackOne(number, () => {}, HalfDonePort);
    assert(fault.startsWith("R5"), fault);
  });

  for (const bug of BUGS) {
    Deno.test(`${bug} is found and made short (${build}, seed 1)`, () => {
      const target = { build, thorough: false, bug };
      const bytes = programOf(1, 0, 20000);
      assert(runProgram(target, bytes) !== undefined);
      const short = shrink(target, bytes);
      assert(runProgram(target, short) !== undefined, "it still fails");
      const acts = short.length / ACT_BYTES;
      assert(acts <= 60, `${acts} acts`);
      // It is the bug that was found, and not the heap.
      assertEquals(runProgram({ build, thorough: true }, short), undefined);
    });
  }
}
