/**
 * What Python's `str()` and `repr()` give, and the order of strings. C35.
 *
 * Expected texts of sizes and strings were computed by the rules of C's printf
 * (half to even) and of Python's `repr()`.
 */

import { assertEquals } from "@std/assert";
import {
  formatSize,
  Frame,
  Statistic,
  StatisticDiff,
  Trace,
  Traceback,
  Traces,
} from "../../src/hooks/tracemalloc/mod.ts";

const KIB = 1024;
const MIB = KIB * KIB;
const TIB = MIB * MIB;

const SIZES: readonly (readonly [number, string])[] = [
  [0, "0 B"],
  [1023, "1023 B"],
  [10239, "10239 B"],
  [10240, "10.0 KiB"],
  [102399, "100.0 KiB"],
  [102400, "100 KiB"],
  [1048576, "1024 KiB"],
  [10485759, "10240 KiB"],
  [10485760, "10.0 MiB"],
  [10 * TIB, "10.0 TiB"],
  [123456 * TIB, "123456 TiB"],
  [-2048, "-2048 B"],
  [-102401, "-100 KiB"],
  // Halves.
  [0.5, "0 B"],
  [1.5, "2 B"],
  [2.5, "2 B"],
  [-2.5, "-2 B"],
  [10240 + 256, "10.2 KiB"],
  [10240 + 768, "10.8 KiB"],
  [100 * KIB + 512, "100 KiB"],
  [101 * KIB + 512, "102 KiB"],
];

Deno.test("C35: sizes", () => {
  for (const [size, text] of SIZES) assertEquals(formatSize(size, false), text);
  assertEquals(formatSize(0, true), "+0 B");
  assertEquals(formatSize(5000, true), "+5000 B");
  assertEquals(formatSize(-3000320, true), "-2930 KiB");
  assertEquals(formatSize(10240, true), "+10.0 KiB");
});

const PROG = new Traceback([["prog.py", 3]]);

Deno.test("str() and repr() of what CPython has printed", () => {
  const stat = new Statistic(PROG, 312524, 303);
  assertEquals(
    String(stat),
    "prog.py:3: size=305 KiB, count=303, average=1031 B",
  );
  assertEquals(
    Deno.inspect(stat),
    "<Statistic traceback=<Traceback (<Frame filename='prog.py' lineno=3>,)> " +
      "size=312524 count=303>",
  );
  const diff = new StatisticDiff(PROG, 312524, 312364, 303, 302);
  assertEquals(
    String(diff),
    "prog.py:3: size=305 KiB (+305 KiB), count=303 (+302), average=1031 B",
  );
  assertEquals(
    Deno.inspect(diff),
    "<StatisticDiff traceback=<Traceback (<Frame filename='prog.py' " +
      "lineno=3>,)> size=312524 (+312364) count=303 (+302)>",
  );
  const gone = new StatisticDiff(PROG, 0, -3000320, 0, -2);
  assertEquals(
    String(gone),
    "prog.py:3: size=0 B (-2930 KiB), count=0 (-2)",
  );
  const trace = new Trace([0, 1033, [["p.py", 3]], 1]);
  assertEquals(
    Deno.inspect(trace),
    "<Trace domain=0 size=1033 B, traceback=<Traceback (<Frame " +
      "filename='p.py' lineno=3>,) total_nframe=1>>",
  );
  const raw = [0, 1, [["p.py", 3]], 1] as const;
  assertEquals(Deno.inspect(new Traces([raw, raw])), "<Traces len=2>");
});

Deno.test("repr() of file names", () => {
  const names: readonly (readonly [string, string])[] = [
    ["a'b", `"a'b"`],
    [`a'b"c`, `'a\\'b"c'`],
    ["a\\b\n\t\r", "'a\\\\b\\n\\t\\r'"],
    ["\x00\x7f\xa0\xe9", "'\\x00\\x7f\\xa0\xe9'"],
    ["\u200b\u2028\ud800", "'\\u200b\\u2028\\ud800'"],
    ["\u{1f600}\u{e0001}", "'\u{1f600}\\U000e0001'"],
  ];
  for (const [name, text] of names) {
    assertEquals(
      Deno.inspect(new Frame(name, 1)),
      `<Frame filename=${text} lineno=1>`,
    );
  }
});

Deno.test("frames are ordered by name, then by line", () => {
  const frames = [
    new Frame("b", 1),
    new Frame("a", 10),
    new Frame("a", 9),
    new Frame("ab", 0),
    new Frame("", 0),
  ];
  frames.sort((x, y) => x.compare(y));
  assertEquals(frames.map(String), [":0", "a:9", "a:10", "ab:0", "b:1"]);
  assertEquals(new Frame("a", 1, "f").equals(new Frame("a", 1, "g")), true);
});
