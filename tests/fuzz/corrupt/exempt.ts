/**
 * Regions whose damage the checker need not find, each with its reason, and
 * single values that are as good as what stood there.
 *
 * What is not listed here must be found every time. A region that is listed is
 * still damaged, because the check must end and throw nothing but our errors
 * whatever a word says.
 *
 * @module
 */

import * as Layout from "../../../src/layout/memory_map.ts";
import * as PageMap from "../../../src/layout/page_map.ts";
import * as ThreadState from "../../../src/layout/thread_state.ts";
import { type Memory, threadsUsed } from "../../../src/memory/mod.ts";
import { Policy } from "../../../src/pools/mod.ts";

/** Regions by pattern, with the build or without it, and why. */
export const EXEMPT: readonly (readonly [RegExp, string])[] = [
  // Words that decide nothing.
  [/^thread \w+ STAT_\w+$/, "a statistic"],
  [/^(raw )?set (TOTAL|HIGHWATER)$|^runs PEAK_PAGES$/, "a statistic"],
  [/^gil X_(SWITCH_NUMBER|LAST_HOLDER)$/, "a statistic"],
  [/^gil X_INTERVAL$/, "anybody sets it to anything"],
  [/^header (HEAP_ID|X_POISON)$/, "any value is one"],
  [/^free block, payload$/, "nobody reads it"],
  [/^bucket |^thread \w+ waiter /, "without meaning while nobody waits"],
  [/^thread unused /, "a slot that nobody has; set when it is given out"],
  [/^thread (NOBODY|GIL) (INCARNATION|X_EVAL_BREAKER|X_QSBR_SEQ)$/, "no use"],
  [/^(raw set TAILS|set TAILS|thread .* tails), empty$/, "an empty ring's"],
  [
    /^thread \w+ (FREE_LISTS|DELAYED_\w+|X_TO_MERGE|SECTION(S|_\w+))$/,
    "of objects: who uses them looks whether they can be right",
  ],
  [/^thread \w+ X_TRACING$/, "of tracing, which has checks of its own"],
  // Words of a record that it has for other uses.
  [/^(FREE|TAIL|LARGE|FREE_RUN \w+) (word \d|unused)$/, "no use"],
  [
    /^FREE (NBYTES|HEAD|LENGTH|NEXT|PREV)$/,
    "inside a free run, or no pool yet",
  ],
  [/^FREE pool PREVPOOL/, "the list of free pools has one direction"],
  [/^TAIL (NBYTES|LENGTH|NEXT|PREV)$/, "no use"],
  [/^LARGE (HEAD|NEXT|PREV)$/, "no use"],
  [/^FREE_RUN (first|only) NBYTES$|^FREE_RUN first HEAD$/, "no use"],
  [/^FREE_RUN last (NBYTES|LENGTH|NEXT|PREV)$/, "no use"],
  [/^(pool|span) \w+ PREVPOOL of the first$/, "no use"],
  [/^(pool|span) full NEXTPOOL$/, "in no ring"],
  [/^arena none (?!SET$)/, "no arena"],
  [/^arena full (NEXT|PREV)ARENA$/, "in no list"],
  [/^remote of .* TAKEN_PAGES$/, "nobody is taking the page"],
  [/^remote of .* GOAL$/, "in no quarantine, or later than need be"],
  [/^remote of no pool SHAPE$/, "no pool"],
  // Words that change while we look.
  [/busy RAW/, "RAW is not at rest while others may use it"],
  [/^thread (NOBODY|GIL|caller|guest) X_(RAW_)?NEWS$/, "a bit too many"],
  [/^news words/, "a bit too many; N1 tells of one too few"],
  [/^thread (caller|guest) X_(EVAL_BREAKER|CERTIFIED)$/, "a hint, a wish"],
  [/^thread guest X_(STATE|QSBR_SEQ)$/, "of somebody who may be at work"],
  [/^thread caller X_QSBR_SEQ$/, "earlier than need be"],
  [/^qsbr X_/, "later than need be"],
  [/^gil: world |^free-threaded: gil /, "not used in this build"],
  [/^free-threaded: world X_/, "set by who stops the world"],
  [/^gil X_(SWITCH_)?WAITERS$/, "others count themselves"],
  [/^((raw )?set|runs|world) LOCK$/, "an unlocked word is set right by a lock"],
  [/^header (THREADS|RECOVERY)_LOCK$/, "likewise"],
];

/** Why a region is exempt, or `""`. */
export function reasonOf(region: string): string {
  const name = region.replace(/^[\w-]+: /, "");
  const entry = EXEMPT.find(([pattern]) =>
    pattern.test(name) || pattern.test(region)
  );
  return entry?.[1] ?? "";
}

/** True if a lock word says that a worker without a thread state has it. */
function isAnonymous(word: number): boolean {
  return word === 1 || word === 3;
}

/** True if two words of a page map differ in the domain alone. */
function isOtherDomain(a: number, b: number): boolean {
  const domain = PageMap.DOMAIN_MASK << PageMap.DOMAIN_SHIFT;
  return ((a ^ b) & ~domain) === 0 && (b & domain) !== domain;
}

/** True if a page map word names a holder that may be one. */
function hasHolder(m: Memory, key: number): boolean {
  const holder = Policy.holderOf(key);
  const slot = holder & PageMap.SLOT_MASK;
  if (slot === holder && slot <= PageMap.GIL_HOLDER) return true;
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  return m.i32[thread + ThreadState.X_IN_USE] !== ThreadState.FREE &&
    m.i32[thread + ThreadState.INCARNATION] ===
      holder >>> PageMap.INCARNATION_SHIFT;
}

/** True if a full pool, which is in no ring, may have the other word, too. */
function isOtherFull(m: Memory, a: number, b: number): boolean {
  return Policy.kindOf(a) === Policy.kindOf(b) &&
    Policy.domainOf(b) <= PageMap.OBJ && hasHolder(m, b);
}

/** True if a word says what a thread state may say, too. */
function isState(field: string, word: number): boolean {
  const { REVOKED, DEAD, RESERVING } = ThreadState;
  switch (field) {
    case "X_STATE": // of the caller: it would think that it was revoked
      return word >= ThreadState.SHUTTING_DOWN && word <= DEAD;
    case "X_FENCE":
      return word === REVOKED || word === DEAD;
    default:
      return field === "X_IN_USE" && word === RESERVING;
  }
}

/**
 * True if nobody could tell a value of a word from the one it had: the word is
 * then damaged otherwise.
 */
export function isAsGood(
  m: Memory,
  region: string,
  before: number,
  after: number,
): boolean {
  if (/LOCK$/.test(region)) return isAnonymous(after);
  if (region === "map LARGE") return isOtherDomain(before, after);
  if (/^map (POOL|VIA_RAW|SPAN) full$/.test(region)) {
    return isOtherFull(m, before, after);
  }
  if (region === "LARGE NBYTES") {
    return (before - 1) >>> 14 === (after - 1) >>> 14;
  }
  if (region === "header X_THREADS_USED") {
    return after >= threadsUsed(m) && after <= PageMap.SLOTS;
  }
  const [, field] = /^thread (?:caller|guest) (X_\w+)$/.exec(region) ?? [];
  return field !== undefined && isState(field, after);
}
