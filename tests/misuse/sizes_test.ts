/**
 * Sizes and counts that are none: what is no number is a TypeError in both
 * faces, and nothing of the heap changes. Numbers out of range: see
 * `conformance/errors_test.ts` and `requests_test.ts`.
 */

import { assertEquals } from "@std/assert";
import { type Cell, CELLS, eachCell } from "../helpers/heap_fixture.ts";
import {
  assertUnchanged,
  type Calls,
  snapshot,
} from "../helpers/heap_fixture.ts";

const NO_NUMBERS: readonly unknown[] = [
  "8",
  "",
  undefined,
  null,
  true,
  8n,
  0n,
  Symbol("8"),
  {},
  [],
  [8],
  Object(8),
  () => 8,
];

/** The requests with the value in each place. */
function requests(
  calls: Calls,
  block: number,
  value: number,
): [string, () => unknown][] {
  return [
    ["malloc(value)", () => calls.malloc(value)],
    ["calloc(value, 8)", () => calls.calloc(value, 8)],
    ["calloc(8, value)", () => calls.calloc(8, value)],
    ["calloc(0, value)", () => calls.calloc(0, value)],
    ["realloc(NULL, value)", () => calls.realloc(0, value)],
    ["realloc(block, value)", () => calls.realloc(block, value)],
  ];
}

function caught(request: () => unknown): unknown {
  try {
    request();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

eachCell(
  CELLS,
  "a size that is no number is a TypeError",
  (calls, heap, cell: Cell) => {
    const block = calls.malloc(100);
    const before = snapshot(heap);
    const faults: string[] = [];
    for (const value of NO_NUMBERS) {
      // The compiler would not let it through; JavaScript does.
      for (const [name, request] of requests(calls, block, value as number)) {
        const error = caught(request);
        const title = `${name} with ${Deno.inspect(value)}: ${error}`;
        const isRight = error instanceof TypeError &&
          error.message.startsWith("Cannot ") &&
          error.message.includes(cell.domain);
        if (!isRight) faults.push(title);
        assertUnchanged(heap, before, title);
      }
    }
    assertEquals(faults, []);
    calls.free(block);
  },
);
