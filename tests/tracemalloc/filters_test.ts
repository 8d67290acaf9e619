/**
 * CPython's Lib/test/test_tracemalloc.py: TestFilters, under the names that the
 * tests have there.
 *
 * What cannot apply: file names are not folded to lower case on Windows, nor
 * are slashes turned there.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { Filter, type RawFrame } from "../../src/hooks/tracemalloc/mod.ts";

Deno.test("test_filter_attributes", () => {
  const f = new Filter(true, "abc");
  assertEquals(f.inclusive, true);
  assertEquals(f.filenamePattern, "abc");
  assertEquals(f.lineno, null);
  assertEquals(f.allFrames, false);
  const g = new Filter(false, "test.py", 123, true);
  assertEquals(g.inclusive, false);
  assertEquals(g.filenamePattern, "test.py");
  assertEquals(g.lineno, 123);
  assertEquals(g.allFrames, true);
  // Read-only is a matter of types here.
  assertThrows(() => new Filter(true, undefined as never), TypeError);
});

/** Whether a filter fits `abc` and `12356`, at lines 0, 5 and 10. */
function matches(filter: Filter): boolean[] {
  return ["abc", "12356"].flatMap((name) =>
    [0, 5, 10].map((line) => filter.matchesFrame(name, line))
  );
}

Deno.test("test_filter_match", () => {
  const [t, f] = [true, false];
  assertEquals(matches(new Filter(true, "abc")), [t, t, t, f, f, f]);
  assertEquals(matches(new Filter(false, "abc")), [f, f, f, t, t, t]);
  assertEquals(matches(new Filter(true, "abc", 5)), [f, t, f, f, f, f]);
  assertEquals(matches(new Filter(false, "abc", 5)), [t, f, t, t, t, t]);
  assertEquals(matches(new Filter(true, "abc", 0)), [t, f, f, f, f, f]);
  assertEquals(matches(new Filter(false, "abc", 0)), [f, t, t, t, t, t]);
});

Deno.test("test_filter_match_filename", () => {
  const names = ["abc", "12356", "<unknown>"];
  const of = (inclusive: boolean) =>
    names.map((name) => new Filter(inclusive, "abc").matchesFrame(name, 0));
  assertEquals(of(true), [true, false, false]);
  assertEquals(of(false), [false, true, true]);
});

/** File name, pattern, whether it fits. */
const JOKERS: readonly (readonly [string, string, boolean])[] = [
  ["abc", "", false],
  ["", "abc", false],
  ["", "", true],
  ["", "*", true],
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["abc", "def", false],
  ["abc", "a*", true],
  ["abc", "abc*", true],
  ["abc", "b*", false],
  ["abc", "abcd*", false],
  ["abc", "a*c", true],
  ["abcdcx", "a*cx", true],
  ["abb", "a*c", false],
  ["abcdce", "a*cx", false],
  ["abcde", "a*c*e", true],
  ["abcbdefeg", "a*bd*eg", true],
  ["abcdd", "a*c*e", false],
  ["abcbdefef", "a*bd*eg", false],
  ["a.pyc", "a.py", true],
  ["a.py", "a.pyc", true],
  ["aBC", "ABc", false],
  ["aBcDe", "Ab*dE", false],
  ["a.pyc", "a.PY", false],
  ["a.py", "a.PYC", false],
  ["a/b", "a\\b", false],
  ["a\\b", "a/b", false],
  ["a/b\\c", "a\\b/c", false],
  ["a/b/c", "a\\b\\c", false],
  ["a.pyo", "a.py", false],
];

Deno.test("test_filter_match_filename_joker", () => {
  for (const [name, pattern, expected] of JOKERS) {
    const filter = new Filter(true, pattern);
    assertEquals(filter.matchesFrame(name, 0), expected, `${name} ${pattern}`);
  }
});

/** The same for what CPython's test leaves out. Expected: fnmatchcase(). */
const SETS: readonly (readonly [string, string, boolean])[] = [
  ["abc", "a?c", true],
  ["ac", "a?c", false],
  ["a\u{1f600}c", "a?c", true],
  ["a\nc", "a?c", true],
  ["b", "[a-c]", true],
  ["d", "[a-c]", false],
  ["d", "[!a-c]", true],
  ["b", "[!a-c]", false],
  ["]", "[]]", true],
  ["x", "[!]]", true],
  ["-", "[a-]", true],
  ["[", "[", true],
  ["[abc", "[abc", true],
  ["a.c", "a.c", true],
  ["abc", "a.c", false],
  ["a", "*?", true],
  ["", "*?", false],
];

Deno.test("Filter: ? and sets", () => {
  for (const [name, pattern, expected] of SETS) {
    const filter = new Filter(true, pattern);
    assertEquals(filter.matchesFrame(name, 0), expected, `${name} ${pattern}`);
  }
});

Deno.test("Filter: no pattern takes for ever", () => {
  const filter = new Filter(true, `${"*a".repeat(200)}*b`);
  const start = performance.now();
  assertEquals(filter.matchesFrame("a".repeat(5000), 0), false);
  // 2 million steps at most; backtracking would take longer than the sun.
  const seconds = (performance.now() - start) / 1000;
  assertEquals(seconds < 20, true, `${seconds} s`);
});

Deno.test("test_filter_match_trace", () => {
  const stacks: readonly (readonly RawFrame[])[] = [
    [["a.py", 2], ["b.py", 3]],
    [["b.py", 4], ["b.py", 5]],
    [["c.py", 5], ["<unknown>", 0]],
    [["<unknown>", 0]],
  ];
  const of = (inclusive: boolean, pattern: string, all: boolean) => {
    const filter = new Filter(inclusive, pattern, null, all);
    return stacks.map((frames) => filter.matchesFrames(frames));
  };
  const [t, f] = [true, false];
  assertEquals(of(true, "b.py", true), [t, t, f, f]);
  assertEquals(of(true, "b.py", false), [f, t, f, f]);
  assertEquals(of(false, "b.py", true), [f, f, t, t]);
  assertEquals(of(false, "b.py", false), [t, f, t, t]);
  assertEquals(of(false, "<unknown>", false), [t, t, t, f]);
  assertEquals(of(true, "<unknown>", true), [f, f, t, t]);
  assertEquals(of(false, "<unknown>", true), [t, t, f, f]);
});
