/**
 * Prints what happened: one column for each worker, one line for each access.
 *
 * @module
 */

import { place } from "./checks.ts";
import type { Event } from "./actions.ts";
import type { Machine } from "./machine.ts";
import type { Finding } from "./model.ts";
import { format, shrink, traced } from "./schedule.ts";

/** Width of a column. Characters. */
const WIDTH = 46;

/** Lines of a trace. */
export function columns(m: Machine, events: readonly Event[]): string[] {
  const names = Array.from({ length: m.count }, (_, k) => `worker ${k}`);
  const lines = [["", ...names].map(padded).join("│ ").trimEnd()];
  for (const event of events) {
    const where = event.site < 0 ? "" : shortened(place(m, event.site));
    const cells = names.map((_, k) => k === event.worker ? event.text : "");
    const all = event.worker === m.count ? [event.text] : cells;
    lines.push([where, ...all].map(padded).join("│ ").trimEnd());
  }
  return lines;
}

function padded(text: string, column: number): string {
  const width = column === 0 ? 30 : WIDTH;
  return text.length > width ? text.slice(0, width) : text.padEnd(width);
}

/** The last two parts of a path. */
function shortened(path: string): string {
  return path.split("/").slice(-2).join("/");
}

/** Most lines of a trace that are printed. */
const MANY = 200;

/** A finding as people read it: what, how to repeat it, and the trace. */
export function explain(m: Machine, finding: Finding): string {
  const short = shrink(m, finding);
  const lines = columns(m, traced(m, short.schedule));
  const shown = lines.length > MANY
    ? [lines[0], "…", ...lines.slice(-MANY)]
    : lines;
  return [
    `${m.model.name}: ${short.kind}: ${short.text}`,
    `schedule: ${format(short.schedule, m.count)}`,
    ...shown,
  ].join("\n");
}
