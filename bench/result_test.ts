import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { reportOf } from "./report.ts";
import { medianOf, ratioOf, type Results, summaryOf } from "./result.ts";

function resultsOf(figures: Results["figures"]): Results {
  return { facts: {}, command: "bench", notes: [], findings: [], figures };
}

describe("medianOf()", () => {
  it("takes the middle, or the mean of the two in the middle", () => {
    assertEquals(medianOf([3, 1, 2]), 2);
    assertEquals(medianOf([4, 1, 2, 3]), 2.5);
  });
});

describe("ratioOf()", () => {
  it("compares within each round, not over all", () => {
    const results = resultsOf({
      a: {
        W1: [
          { round: 0, ns: [2], others: 0 },
          { round: 1, ns: [20], others: 0 },
        ],
      },
      b: {
        W1: [
          { round: 0, ns: [1], others: 0 },
          { round: 1, ns: [10], others: 0 },
        ],
      },
    });
    assertEquals(ratioOf(results, ["a", "W1"], ["b", "W1"]), 2);
    assertEquals(ratioOf(results, ["a", "W1"], ["c", "W1"]), null);
  });
});

describe("summaryOf()", () => {
  it("drops noisy rounds of wall time while a quiet one is left", () => {
    const cells = [
      { round: 0, ns: [9, 7, 8], others: 0.1 },
      { round: 1, ns: [70, 80, 90], others: 0.5 },
    ];
    const results = resultsOf({ a: { W6: cells, W1: cells } });
    const quiet = { median: 8, least: 7, rounds: 1 };
    assertEquals(summaryOf(results, "a", "W6"), quiet);
    assertEquals(summaryOf(results, "a", "W1")?.median, 44);
    assertEquals(summaryOf(results, "a", "W2"), null);
  });
});

describe("reportOf()", () => {
  it("names the targets that were missed", () => {
    const one = (ns: number) => [{ round: 0, ns: [ns], others: 0 }];
    const report = reportOf(resultsOf({
      pyobject: { W1: one(4), W3: one(80) },
      obmalloc_ft: { W1: one(2), W3: one(40) },
    }));
    const rows = report.split("\n").filter((row) => /hit|MISSED/.test(row));
    assertEquals(rows.length, 2);
    assertEquals(/W1 .*0\.500× +\| hit/.test(rows[0]), true);
    assertEquals(/W3 .*0\.500× +\| MISSED/.test(rows[1]), true);
  });
});
