/**
 * What a layer of the verification is: something that runs, within a budget,
 * and reports rows of one table.
 *
 * @module
 */

/** How much time there is: before a push, or overnight. */
export type Budget = "push" | "nightly";

/** One line of the table. Counts are left out where they mean nothing. */
export interface Row {
  /** What was run, e.g. `mutex 3 x 3`. */
  readonly name: string;
  /** True if nothing was found. */
  readonly ok: boolean;
  /** Distinct states that were visited. */
  readonly states?: number;
  /** Schedules, runs, rounds or operations: `unit` says which. */
  readonly runs?: number;
  /** Unit of `runs`, `schedules` if absent. */
  readonly unit?: string;
  /** Workers that were killed. */
  readonly kills?: number;
  /** Mutants or planted bugs that were found, and how many there are. */
  readonly found?: readonly [number, number];
  /** Time it took. Seconds. */
  readonly seconds: number;
  /** What was found, with the command that replays it, or a remark. */
  readonly note?: string;
}

/** What a layer is given. */
export interface Assignment {
  /** How much time there is. */
  readonly budget: Budget;
  /** Seed of everything that is random. */
  readonly seed: number;
  /** Only rows whose name contains this text, or all if it is empty. */
  readonly only: string;
  /** Time for a layer that draws, before a push. Seconds; its own if absent. */
  readonly seconds?: number;
  /** Takes each row when it is done. */
  report(row: Row): void;
}

/** A layer of the verification. */
export interface Layer {
  /** Short name for the command line, e.g. `models`. */
  readonly name: string;
  /** One sentence for the table. */
  readonly title: string;
  /**
   * For a layer that draws as much as it has time for: part of the time that is
   * left before a push once all others are done, which this layer gets.
   */
  readonly share?: number;
  /** Runs it. */
  run(assignment: Assignment): Promise<void>;
}
