/**
 * The text that `sys._debugmallocstats()` prints, as the tools compare it.
 *
 * @module
 */

import { ARENA_MAP_TITLE } from "../check/mod.ts";

/**
 * A report in which the figures of the arena map are blanked.
 *
 * These are the six figures after the title "arena map counts": two counts
 * of nodes, three of lost bytes and their total. All labels stay.
 *
 * @param report The text of this allocator or of CPython.
 * @returns The text to compare.
 */
export function withoutArenaMap(report: string): string {
  const start = report.indexOf(ARENA_MAP_TITLE);
  if (start < 0) return report;
  const block = report.slice(start).replace(/=.*$/gm, "=");
  return report.slice(0, start) + block;
}
