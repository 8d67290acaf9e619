/**
 * What a measuring process hands to the one that started it, and the few
 * statistics that are made of it.
 *
 * @module
 */

/** The samples of one workload in one process. */
export interface Sampled {
  /** Nanoseconds an operation, one for each sample, by name of the figure. */
  readonly figures: Record<string, number[]>;
  /** Sums of the untimed first pass and of the samples. */
  readonly sums: number[];
  /** Cores that other processes kept busy meanwhile; null if not known. */
  readonly others: number | null;
  /** What was wrong: a wrong sum, or what the checker of the heap found. */
  readonly findings: string[];
}

/** One figure of one adapter in one round. */
export interface Cell {
  /** Round, from 0. */
  readonly round: number;
  /** Nanoseconds an operation, one for each sample. */
  readonly ns: number[];
  /** Cores that other processes kept busy meanwhile; null if not known. */
  readonly others: number | null;
}

/** A whole run: what `--json` writes and `--from` reads. */
export interface Results {
  /** Machine, versions, commit, date. */
  readonly facts: Record<string, string>;
  /** The command that was given. */
  readonly command: string;
  /** What is missing or cut short, in sentences. */
  readonly notes: string[];
  /** What was wrong. */
  readonly findings: string[];
  /** Cells by adapter and figure. */
  readonly figures: Record<string, Record<string, Cell[]>>;
}

/** Median and minimum of a figure over its rounds. */
export interface Summary {
  /** Median of the medians of the rounds. Nanoseconds. */
  readonly median: number;
  /** Least sample of all rounds. Nanoseconds. */
  readonly least: number;
  /** Rounds that counted. */
  readonly rounds: number;
}

/** Cores of other processes from which a round of two threads is dropped. */
const NOISE = 0.2;

/** The middle value, or the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[half]
    : (sorted[half - 1] + sorted[half]) / 2;
}

/** True if wall time was measured, which other processes lengthen. */
function isWall(figure: string): boolean {
  return figure.startsWith("W5x2") || figure === "W6";
}

/** The rounds that count: the quiet ones, if wall time was measured. */
export function cellsOf(
  results: Results,
  adapter: string,
  figure: string,
): Cell[] {
  const cells = results.figures[adapter]?.[figure] ?? [];
  if (!isWall(figure)) return cells;
  const quiet = cells.filter(({ others }) => (others ?? 0) <= NOISE);
  return quiet.length > 0 ? quiet : cells;
}

/** Rounds of wall time that were noisy, and those of all. Counts. */
export function noisyRounds(results: Results): [number, number] {
  let noisy = 0;
  let all = 0;
  for (const figures of Object.values(results.figures)) {
    for (const [figure, cells] of Object.entries(figures)) {
      if (!isWall(figure)) continue;
      all += cells.length;
      noisy += cells.filter(({ others }) => (others ?? 0) > NOISE).length;
    }
  }
  return [noisy, all];
}

/** Median and minimum, or null if the figure was not measured. */
export function summaryOf(
  results: Results,
  adapter: string,
  figure: string,
): Summary | null {
  const cells = cellsOf(results, adapter, figure);
  if (cells.length === 0) return null;
  return {
    median: medianOf(cells.map(({ ns }) => medianOf(ns))),
    least: Math.min(...cells.flatMap(({ ns }) => ns)),
    rounds: cells.length,
  };
}

/** Median over the rounds of the ratio of two figures, or null. */
export function ratioOf(
  results: Results,
  [adapter, figure]: readonly [string, string],
  [base, baseFigure]: readonly [string, string],
): number | null {
  const bases = cellsOf(results, base, baseFigure);
  const ratios: number[] = [];
  for (const { round, ns } of cellsOf(results, adapter, figure)) {
    const other = bases.find((cell) => cell.round === round);
    if (other !== undefined) ratios.push(medianOf(ns) / medianOf(other.ns));
  }
  return ratios.length > 0 ? medianOf(ratios) : null;
}
