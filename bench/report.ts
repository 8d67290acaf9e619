/**
 * Tables and targets of a run, as Markdown that also reads on a terminal.
 *
 * @module
 */

import {
  cellsOf,
  noisyRounds,
  ratioOf,
  type Results,
  summaryOf,
} from "./result.ts";

/** Figures that stand in one table, and what their ratios are to. */
interface Table {
  readonly title: string;
  readonly figures: readonly string[];
  /** The first of these that was measured. */
  readonly bases: readonly string[];
}

const PYMALLOC: readonly string[] = ["pyobject", "free_list"];

const TABLES: readonly Table[] = [
  {
    title: "One thread, ns a pair of malloc and free",
    figures: ["W1", "W2", "W3", "W4"],
    bases: PYMALLOC,
  },
  {
    title: "Two threads, ns an operation",
    figures: ["W5x1", "W5x2", "W5x2wall", "W6"],
    bases: ["mimalloc", "free_list_lock"],
  },
  {
    title: "An empty heap; ns a realloc; mixed sizes",
    figures: ["W1e", "W2e", "W7", "W7b", "MIX"],
    bases: PYMALLOC,
  },
];

/** A bound on the ratio of a figure to one of a control. */
interface Target {
  readonly figure: string;
  readonly base: readonly [string, string];
  /** At most; a negative one is "at least" of the inverse ratio. */
  readonly bound: number;
  /** The reference is the least sample, not the median of each round. */
  readonly least?: boolean;
  /** Both builds, or the free-threaded one only. */
  readonly both: boolean;
}

const TARGETS: readonly Target[] = [
  { figure: "W1", base: ["pyobject", "W1"], bound: 0.9, both: true },
  {
    figure: "W2",
    base: ["pyobject", "W2"],
    bound: 1.15,
    both: true,
    least: true,
  },
  { figure: "W3", base: ["pyobject", "W3"], bound: 0.12, both: true },
  { figure: "W4", base: ["pyobject", "W4"], bound: 0.85, both: true },
  {
    figure: "W5x2wall",
    base: ["mimalloc", "W5x2wall"],
    bound: 1.3,
    both: false,
  },
  { figure: "W5x2wall", base: ["pyobject", "W5x1"], bound: 0.5, both: false },
  { figure: "W6", base: ["mimalloc", "W6"], bound: 2, both: false },
];

/** Three significant digits, whole above 100. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A Markdown table whose columns are padded. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  const lines = rows.map((row) =>
    `| ${row.map((cell, k) => cell.padEnd(widths[k])).join(" | ")} |`
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function cellText(
  results: Results,
  adapter: string,
  figure: string,
  base: string,
): string {
  const summary = summaryOf(results, adapter, figure);
  if (summary === null) return "–";
  const text = `${digits(summary.median)} (${digits(summary.least)})`;
  const ratio = ratioOf(results, [adapter, figure], [base, figure]);
  return ratio === null ? text : `${text} **${digits(ratio)}×**`;
}

function figureTable(
  results: Results,
  { title, figures, bases }: Table,
): string[] {
  const measured = figures.filter((figure) =>
    Object.values(results.figures).some((cells) => figure in cells)
  );
  if (measured.length === 0) return [];
  const base = bases.find((name) => name in results.figures) ?? bases[0];
  const rows = [["allocator", ...measured]];
  for (const adapter of Object.keys(results.figures)) {
    const cells = measured.map((figure) =>
      cellText(results, adapter, figure, base)
    );
    if (cells.some((cell) => cell !== "–")) rows.push([adapter, ...cells]);
  }
  const head = `**${title}**: median (minimum), ratio to \`${base}\` in bold.`;
  return [head, "", table(rows), ""];
}

/** The names of the replayed traces, as figures. */
function replayed(results: Results): string[] {
  const names = Object.values(results.figures).flatMap(Object.keys);
  return [...new Set(names)].filter((name) => name.startsWith("replay:"));
}

function targetRatio(
  results: Results,
  adapter: string,
  target: Target,
): number | null {
  const of = [adapter, target.figure] as const;
  if (!target.least) return ratioOf(results, of, target.base);
  const own = summaryOf(results, adapter, target.figure);
  const base = summaryOf(results, ...target.base);
  return own && base ? own.median / base.least : null;
}

function targetRow(
  results: Results,
  adapter: string,
  target: Target,
): string[] | null {
  if (cellsOf(results, adapter, target.figure).length === 0) return null;
  const [base, figure] = target.base;
  const to = `${base}${figure === target.figure ? "" : ` ${figure}`}` +
    (target.least ? ", fast mode" : "");
  const ratio = targetRatio(results, adapter, target);
  const verdict = ratio === null
    ? `no ${base} here`
    : ratio <= target.bound
    ? "hit"
    : "MISSED";
  const reached = ratio === null ? "–" : `${ratio.toFixed(3)}×`;
  const bound = `≤ ${target.bound}×`;
  return [adapter, target.figure, to, bound, reached, verdict];
}

function targetTable(results: Results): string[] {
  const rows = [["allocator", "workload", "to", "target", "reached", ""]];
  for (const adapter of ["obmalloc_ft", "obmalloc_gil"]) {
    for (const target of TARGETS) {
      if (!target.both && adapter !== "obmalloc_ft") continue;
      const row = targetRow(results, adapter, target);
      if (row !== null) rows.push(row);
    }
  }
  return rows.length === 1 ? [] : ["**Targets**", "", table(rows), ""];
}

/** The whole report. */
export function reportOf(results: Results): string {
  const lines = [`\`${results.command}\``, ""];
  for (const [name, value] of Object.entries(results.facts)) {
    lines.push(`- ${name}: ${value}`);
  }
  for (const note of results.notes) lines.push(`- note: ${note}`);
  const [noisy, all] = noisyRounds(results);
  if (noisy > 0) {
    lines.push(
      `- note: ${noisy} of ${all} rounds of two threads were noisy (other ` +
        "processes took over 0.2 core); dropped where a quiet one is left.",
    );
  }
  lines.push("");
  for (const each of TABLES) lines.push(...figureTable(results, each));
  const title = "Traces of Python programs, ns a call";
  const figures = replayed(results);
  lines.push(...figureTable(results, { title, figures, bases: PYMALLOC }));
  lines.push(...targetTable(results));
  for (const finding of results.findings) lines.push(`FOUND: ${finding}`);
  return lines.join("\n").trimEnd() + "\n";
}
