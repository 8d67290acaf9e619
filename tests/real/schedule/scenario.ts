/**
 * What a scheduled fleet plays: memory, a script for each worker, and what
 * must hold when all have come to its end.
 *
 * @module
 */

import type { Clock } from "../../../src/memory/mod.ts";

/** Words. */
export type Words = Int32Array<SharedArrayBuffer>;

/** The memory of a scenario. */
export interface Stage {
  /** What the code under test works on; all sleeps are on its words. */
  readonly buffer: SharedArrayBuffer;
  /** 64 words for the scripts; 0 when a schedule starts. */
  readonly side: Words;
}

/** What a script is told about its schedule. */
export interface Cue {
  /** Number of the worker, from 0. */
  readonly me: number;
  /** Workers of the fleet. Count. */
  readonly workers: number;
  /** Time of the schedule. */
  readonly clock: Clock;
  /** Seed of what the script does in this schedule. */
  seed(): number;
}

/** A worker of a scenario. */
export interface Player {
  /** Puts back what the worker keeps outside of the stage. Not scheduled. */
  begin(): void;
  /** The script, scheduled. What it throws is a finding. */
  run(): void;
  /**
   * Called of one worker after all scripts, scheduled as well.
   *
   * @param isFull Whether costly checks are due.
   * @throws {Error} If something does not hold.
   */
  finish(isFull: boolean): void;
}

/** A script for a fleet. */
export interface Scenario {
  /** As rows and commands name it. */
  readonly name: string;
  /** Workers that it needs. Count. */
  readonly workers: number;
  /** Accesses of a schedule, about. Count. */
  readonly length: number;
  /** Share of the schedules of a push, the larger the more; 0 for canaries. */
  readonly weight: number;
  /** Makes the buffer, in the main thread. */
  create(): SharedArrayBuffer;
  /** Ranges of words of the buffer that schedules change, first and end. */
  ranges(buffer: SharedArrayBuffer): readonly (readonly [number, number])[];
  /** Makes the worker's player, before the first schedule. */
  open(stage: Stage, cue: Cue): Player;
}

/** Throws unless something holds. */
export function claim(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}
