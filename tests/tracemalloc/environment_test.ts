/**
 * CPython's Lib/test/test_tracemalloc.py: TestCommandLine, as far as it is
 * about the value of PYTHONTRACEMALLOC, under the names that the tests have
 * there.
 *
 * What cannot apply: there is no command line, hence no `-E` and no `-X`.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { FatalError } from "../../mod.ts";
import { parseNframe } from "../../src/hooks/tracemalloc/mod.ts";
import { DOMAINS } from "../helpers/heap_fixture.ts";
import { traced } from "./fixture.ts";

Deno.test("test_env_var_disabled", () => {
  assertEquals(parseNframe("0"), 0);
  assertEquals(parseNframe(""), 0);
});

Deno.test("test_env_var_enabled_at_startup", () => {
  assertEquals(parseNframe("1"), 1);
});

Deno.test("test_env_limit", () => {
  assertEquals(parseNframe("10"), 10);
  assertEquals(parseNframe("65535"), 65535);
  assertEquals(parseNframe(" +7"), 7);
});

Deno.test("test_env_var_invalid", () => {
  for (const value of ["-1", "x", "1x", "1 ", "0x10", "1e3", "99999999999"]) {
    const error = assertThrows(() => parseNframe(value), FatalError);
    assertEquals(
      error.message,
      "config_init_tracemalloc: PYTHONTRACEMALLOC: invalid number of frames",
    );
  }
  for (const value of ["65536", String(2 ** 30)]) {
    const error = assertThrows(() => parseNframe(value), FatalError);
    assertEquals(
      error.message,
      "init_interp_main: can't start tracemalloc\n" +
        "ValueError: the number of frames must be in range [1; 65535]",
    );
  }
});

traced("test_pymem_alloc0", (heap, tracemalloc) => {
  for (const domain of DOMAINS) {
    const blocks = [heap[domain].malloc(0), heap[domain].calloc(0, 0)];
    for (const block of blocks) {
      assertEquals(tracemalloc.getObjectTraceback(block)?.length, 1);
      heap[domain].free(block as never);
      assertEquals(tracemalloc.getObjectTraceback(block), null);
    }
  }
});
