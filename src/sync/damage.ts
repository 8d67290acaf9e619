/**
 * Damaged tables: links are followed only to where they may lead.
 *
 * The slow paths ask before they follow a link of the heap's own tables, so
 * that what a stray write has done to them ends in a verdict, and not in an
 * address outside the heap or in a loop without an end. The fast paths do not
 * ask: a damaged FREEBLOCK is handed out.
 *
 * ## Threads
 *   As `fatal.ts`.
 *
 * @module
 */

import { isRecord, type Memory } from "../memory/mod.ts";
import * as Fatal from "./fatal.ts";

/**
 * Ends the program: the tables of the heap are damaged.
 *
 * @param m The heap.
 * @param what What was found. Completes "The tables of the heap are damaged:".
 * @throws {FatalError} Always.
 */
export function damaged(m: Memory, what: string): never {
  Fatal.fatal(m, `The tables of the heap are damaged: ${what}`);
}

/**
 * Makes sure that a link leads to the record of a page.
 *
 * @param m The heap.
 * @param record Where the link leads. Word index.
 * @param list Which list it is of.
 * @returns The record.
 * @throws {FatalError} If it leads elsewhere.
 */
export function requireRecord(
  m: Memory,
  record: number,
  list: string,
): number {
  return isRecord(m, record)
    ? record
    : damaged(m, `${list} leads to word ${record}, which is no record`);
}
