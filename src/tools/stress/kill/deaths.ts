/**
 * What came of the deaths of one cell.
 *
 * @module
 */

import type { Way } from "./strike.ts";

/** Figures of all deaths of one cell. */
export interface Deaths {
  /** Workers that died and were recovered, by way. Count. */
  readonly byWay: Record<Way, number>;
  /** Of these, how many had the GIL. Count. */
  hadGil: number;
  /** Pools and spans that they left. Count. */
  poolsLeft: number;
  /** Pools that others have adopted. Count. */
  poolsAdopted: number;
  /** Blocks of the dead that survivors and successors got. Count. */
  handedOn: number;
  /** Blocks of the dead that the main thread freed. Count. */
  freed: number;
  /** Calls that were under way. Count. */
  underWay: number;
  /** Blocks that nobody has: of those calls, exactly. Count. */
  leaked: number;
  /** From a death to the end of its recovery, the longest. Milliseconds. */
  longestMs: number;
}

/** Nobody has died yet. */
export function noDeaths(): Deaths {
  return {
    byWay: { close: 0, throw: 0, terminate: 0 },
    hadGil: 0,
    poolsLeft: 0,
    poolsAdopted: 0,
    handedOn: 0,
    freed: 0,
    underWay: 0,
    leaked: 0,
    longestMs: 0,
  };
}

/** Deaths in all. Count. */
export function total({ byWay }: Deaths): number {
  return byWay.close + byWay.throw + byWay.terminate;
}
