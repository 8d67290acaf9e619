/**
 * The stress run in text: a table of all cells, and the findings.
 *
 * @module
 */

import type { CellResult } from "./cell.ts";
import type { Finding } from "./finding.ts";
import { type Deaths, total } from "./kill/deaths.ts";
import type { StressReport } from "./run.ts";

/** Columns of a table, from left to right: title and text. */
type Columns<Row> = readonly [string, (row: Row) => string][];

/** Columns of the table of all cells. */
const COLUMNS: Columns<CellResult> = [
  ["build", (cell) => cell.build],
  ["shape", (cell) => cell.shape],
  ["ops/s", (cell) => grouped(cell.ops / cell.seconds)],
  ["remote frees", (cell) => grouped(cell.remoteFrees)],
  ["lock waits", (cell) => grouped(cell.lockWaits)],
  ["GIL waits", (cell) => grouped(cell.gilWaits)],
  ["peak footprint", (cell) => mebibytes(cell.footprintPeakBytes)],
  ["peak live", (cell) => mebibytes(cell.livePeakBytes)],
  ["ratio", (cell) => ratio(cell.footprintPeakBytes, cell.livePeakBytes)],
  ["checks", (cell) => grouped(cell.checks)],
  ["workers", (cell) => grouped(cell.lives)],
  ["threads", (cell) => grouped(cell.threads)],
];
/** Columns of the table of deaths, behind that of the build. */
const DEATHS: Columns<Deaths> = [
  ["deaths", (deaths) => grouped(total(deaths))],
  ["closed", ({ byWay }) => grouped(byWay.close)],
  ["thrown", ({ byWay }) => grouped(byWay.throw)],
  ["terminated", ({ byWay }) => grouped(byWay.terminate)],
  ["had GIL", ({ hadGil }) => grouped(hadGil)],
  ["pools left", ({ poolsLeft }) => grouped(poolsLeft)],
  ["pools adopted", ({ poolsAdopted }) => grouped(poolsAdopted)],
  ["blocks handed on", ({ handedOn }) => grouped(handedOn)],
  ["blocks freed", ({ freed }) => grouped(freed)],
  ["calls under way", ({ underWay }) => grouped(underWay)],
  ["blocks leaked", ({ leaked }) => grouped(leaked)],
  ["longest recovery", ({ longestMs }) => `${longestMs.toFixed(1)} ms`],
];
/** Columns of words; all others are numbers and stand to the right. */
const WORDS = 2;

/** A number with commas between groups of three digits. */
function grouped(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

function mebibytes(bytes: number): string {
  if (bytes === 0) return "-";
  return `${(bytes / 1048576).toFixed(1)} MiB`;
}

function ratio(footprint: number, live: number): string {
  return live === 0 || footprint === 0 ? "-" : (footprint / live).toFixed(2);
}

/** The table of all cells, with a final newline. */
export function table(cells: readonly CellResult[]): string {
  const rows = [COLUMNS.map(([title]) => title)];
  for (const cell of cells) rows.push(COLUMNS.map(([, show]) => show(cell)));
  return aligned(rows, WORDS);
}

/** The table of deaths of a run that kills, with a final newline. */
export function deathTable(cells: readonly CellResult[]): string {
  const rows = [["build", ...DEATHS.map(([title]) => title)]];
  for (const { build, deaths } of cells) {
    if (deaths === undefined) continue;
    rows.push([build, ...DEATHS.map(([, show]) => show(deaths))]);
  }
  return aligned(rows, 1);
}

/** Rows below a line of titles; the first `words` columns stand to the left. */
function aligned(rows: readonly string[][], words: number): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column < words
        ? cell.padEnd(widths[column])
        : cell.padStart(widths[column])
    ).join("  ")
  );
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [lines[0], rule, ...lines.slice(1)].join("\n") + "\n";
}

/** A finding in words. */
export function describeFinding(finding: Finding): string {
  const { kind, text, worker, life, round, op } = finding;
  const who = worker < 0
    ? "main thread"
    : `worker ${worker}, life ${life}, round ${round}, op ${op}`;
  return `FOUND ${kind} (${who})\n    ${text}\n`;
}

/**
 * The verdict in words.
 *
 * @param command How the tool was started, without arguments.
 */
export function verdict(report: StressReport, command: string): string {
  const { ok, seed, findings, replay, workers, cells } = report;
  const refused = cells.reduce((sum, cell) => sum + cell.memoryErrors, 0);
  const full = refused === 0
    ? ""
    : `${grouped(refused)} requests found no memory, which is no fault\n`;
  const leaked = cells.reduce(
    (sum, { deaths }) => sum + (deaths?.leaked ?? 0),
    0,
  );
  if (ok && cells.some(({ deaths }) => deaths !== undefined)) {
    return `${full}Nothing found: ${workers} workers, seed ${seed}; all ` +
      `freed, the heaps are empty but for ${grouped(leaked)} blocks of calls ` +
      "that death cut short\n";
  }
  if (ok) {
    return `${full}Nothing found: ${workers} workers, seed ${seed}; all ` +
      "freed, the heaps are empty\n";
  }
  return findings.map(describeFinding).join("") +
    `Seed ${seed}; to repeat:\n    ${command} ${replay}\n`;
}
