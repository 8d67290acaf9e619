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

/** The middle value, or the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[half]
    : (sorted[half - 1] + sorted[half]) / 2;
}
