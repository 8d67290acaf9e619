/**
 * How rows are printed: a line while they come in, and the table at the end.
 *
 * @module
 */

import type { Layer, Row } from "./layer.ts";

/** Rows of one layer. */
export interface Rows {
  readonly layer: Layer;
  readonly rows: readonly Row[];
}

/** A number with commas. */
function count(value: number | undefined): string {
  return value === undefined ? "" : value.toLocaleString("en-US");
}

/** What a row has done, in words. */
function figuresOf(row: Row): string {
  const parts: string[] = [];
  if (row.states !== undefined) parts.push(`${count(row.states)} states`);
  if (row.runs !== undefined) {
    parts.push(`${count(row.runs)} ${row.unit ?? "schedules"}`);
  }
  if (row.kills !== undefined) parts.push(`${count(row.kills)} kills`);
  if (row.found !== undefined) {
    parts.push(`${row.found[0]} of ${row.found[1]} found`);
  }
  return parts.join(", ");
}

/** One row as a line. What was found comes below it. */
export function lineOf(layer: string, row: Row): string {
  const verdict = row.ok ? "ok  " : "FAIL";
  const name = `${layer}: ${row.name}`.padEnd(64);
  const line = `${verdict} ${name} ${figuresOf(row)}, ${
    row.seconds.toFixed(1)
  } s`;
  return row.ok || !row.note ? line : `${line}\n${row.note}`;
}

function sum(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

/** Sum of `runs` by unit, in words. */
function runsOf(rows: readonly Row[]): string {
  const units = new Map<string, number>();
  for (const { runs, unit = "schedules" } of rows) {
    if (runs !== undefined) units.set(unit, (units.get(unit) ?? 0) + runs);
  }
  return [...units].map(([unit, runs]) => `${count(runs)} ${unit}`).join(", ");
}

/** A line of the table for one layer. */
function cellsOf({ layer, rows }: Rows): string[] {
  const states = sum(rows, (row) => row.states ?? 0);
  const kills = sum(rows, (row) => row.kills ?? 0);
  const found = sum(rows, (row) => row.found?.[0] ?? 0);
  const planted = sum(rows, (row) => row.found?.[1] ?? 0);
  return [
    layer.name,
    `${rows.filter((row) => row.ok).length} of ${rows.length}`,
    states > 0 ? count(states) : "",
    runsOf(rows),
    kills > 0 ? count(kills) : "",
    planted > 0 ? `${found} of ${planted}` : "",
    sum(rows, (row) => row.seconds).toFixed(0),
  ];
}

const HEAD = [
  "layer",
  "rows ok",
  "states",
  "runs",
  "kills",
  "mutants found",
  "seconds",
];

/** All layers as a table in Markdown. */
export function tableOf(results: readonly Rows[]): string {
  const lines = [HEAD, ...results.map(cellsOf)];
  const widths = HEAD.map((_, k) =>
    Math.max(...lines.map((cells) => cells[k].length))
  );
  const text = lines.map((cells) =>
    `| ${cells.map((cell, k) => cell.padEnd(widths[k])).join(" | ")} |`
  );
  const rule = `|${widths.map((w) => "-".repeat(w + 2)).join("|")}|`;
  return [text[0], rule, ...text.slice(1)].join("\n");
}

/** The last line: how many rows were right. */
export function summaryOf(results: readonly Rows[], seconds: number): string {
  const rows = results.flatMap((result) => result.rows);
  const failed = rows.filter((row) => !row.ok).length;
  return `verified in ${seconds.toFixed(0)} s\n` +
    `${rows.length - failed} passed, ${failed} failed`;
}
