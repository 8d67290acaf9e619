/**
 * A schedule as people read it: one line for each access.
 *
 * @module
 */

import type { Site } from "../checker/transform.ts";
import type { Event } from "./engine/hooks.ts";

/** Most lines that are printed: the last ones. */
const MANY = 400;

/** Lines of a trace, with names for words where there are any. */
export function lines(
  events: readonly Event[],
  sites: readonly Site[],
  nameOf: (at: number) => string | undefined,
): string[] {
  return events.slice(-MANY).map(({ worker, site, text }) => {
    const place = sites[site];
    const where = place
      ? `${place.path.split("/").slice(-2).join("/")}:${place.line}`
      : "";
    const named = text.replace(
      /\[(\d+)\]/,
      (all, at) => nameOf(Number(at)) ?? all,
    );
    return `worker ${worker}  ${where.padEnd(28)} ${named}`;
  });
}
