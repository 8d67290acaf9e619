/** The table of sizes in `src/objects/builtin_types.ts`, ours and Python's. */

import { assert, assertEquals } from "@std/assert";
import { Protocol } from "../../src/objects/mod.ts";
import { eachBuild, using, type Value } from "./objects_fixture.ts";
import { hasPython, run } from "./python.ts";

/** Value, the same in Python, sizes in both builds and in CPython. Bytes. */
const ROWS: readonly [Value, string, number, number, number][] = [
  [null, "None", 8, 24, 16],
  [0n, "0", 16, 32, 28],
  [2n ** 30n - 1n, "2**30-1", 16, 32, 28],
  [2n ** 30n, "2**30", 20, 36, 32],
  [-(2n ** 60n), "-2**60", 24, 40, 36],
  [true, "True", 16, 32, 28],
  [{ float: 1.5 }, "1.5", 16, 32, 24],
  [{ real: 1, imag: 2 }, "1+2j", 24, 40, 32],
  ["", "''", 21, 37, 41],
  ["abc", "'abc'", 24, 40, 44],
  // A single such character has a UTF-8 copy in CPython.
  ["\xe9\xe8", "chr(233)+chr(232)", 31, 47, 59],
  ["ab\xe9", "'ab'+chr(233)", 32, 48, 60],
  ["\u65e5", "chr(0x65e5)", 32, 48, 60],
  ["\u{1f600}", "chr(0x1f600)", 36, 52, 64],
  [new Uint8Array(0), "b''", 17, 33, 33],
  [new Uint8Array(3), "b'abc'", 20, 36, 36],
  [[], "()", 12, 28, 24],
  [[1n, 2n], "(1, 2)", 20, 36, 40],
];

eachBuild("objects have the sizes of the table", (o, heap) => {
  for (const [value, text, gil, freeThreaded] of ROWS) {
    const size = using(o, value, (op) => Protocol.sizeOf(o, op));
    assertEquals(size, heap.build === "gil" ? gil : freeThreaded, text);
  }
});

eachBuild("an object fits into its block", (o, heap) => {
  for (const [value, text] of ROWS) {
    using(o, value, (op) => {
      if (o.refcnt(op) !== 1) return; // in the block of the static ones
      const start = Array.isArray(value) ? op - o.gcHead * 4 : op;
      const room = heap.obj.sizeOf(start as never) - (op - start);
      assert(Protocol.sizeOf(o, op) <= room, text);
    });
  }
});

/** Prints the version and, of each line, the size without the head. */
const PROGRAM = `import sys
print(sys.version_info[:2], sys.maxsize > 2**32)
for line in sys.stdin:
    print(eval(line).__sizeof__())
`;

Deno.test({
  name: "the column of CPython is that of a Python from 3.12 to 3.13",
  ignore: !hasPython(),
  async fn() {
    const [version, ...sizes] = await run(PROGRAM, ROWS.map((row) => row[1]));
    for (const [k, [value, text, , , size]] of ROWS.entries()) {
      // Strings were larger before 3.12, and tuples are from 3.14 on.
      const isSame = /^\(3, 1[23]\) True/.test(version) ||
        (typeof value !== "string" && !Array.isArray(value) && value !== 0n);
      if (isSame) assertEquals(Number(sizes[k]), size, text);
    }
  },
});
