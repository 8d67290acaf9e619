/**
 * Regions whose damage the checker need not find, each with its reason.
 *
 * What is not listed here must be found every time. A region that is listed is
 * still damaged, because the check must end and throw nothing but our errors
 * whatever a word says.
 *
 * @module
 */

/** Regions by pattern, and why damage there may stay unseen. */
export const EXEMPT: readonly (readonly [RegExp, string])[] = [
  [/STAT_|HIGHWATER|PEAK_PAGES|set TOTAL$|SWITCH_NUMBER/, "a statistic"],
  [/payload| unused$| word \d$|no pool|waiter/, "a word without meaning"],
  [/^thread unused/, "a slot that nobody has; set when it is given out"],
  [/^thread (NOBODY|GIL) (X_STATE|INCARNATION|X_EVAL|X_QSBR)/, "not used"],
  [/PREVPOOL$/, "means nothing of the first pool of a ring"],
  [/^(busy RAW )?(pool|span) full (NEXT|PREV)POOL$/, "in no ring"],
  [/tails, empty|TAILS, empty|tails, used/, "the tail of an empty ring"],
  [/^FREE (NBYTES|LENGTH|HEAD|NEXT|PREV)$/, "without meaning, mostly"],
  [/^TAIL (NBYTES|LENGTH|NEXT|PREV)$/, "a word without meaning"],
  [/^LARGE (NBYTES|HEAD|NEXT|PREV)$/, "NBYTES: within the last page"],
  [/^FREE_RUN first (NBYTES|HEAD|PREV)$/, "a word without meaning"],
  [/^FREE_RUN last (NBYTES|LENGTH|NEXT|PREV)$/, "a word without meaning"],
  [/^FREE_RUN only (NBYTES|PREV)$/, "a word without meaning"],
  [/^arena none|^arena full (NEXT|PREV)ARENA/, "no arena, or in no list"],
  [/busy RAW|RAW_NEWS|^news words/, "RAW is not at rest; a bit too many"],
  [/X_EVAL_BREAKER|^gil |^qsbr |^world X_/, "a hint or moving; src/threads"],
  [/^bucket /, "src/sync; empty while nobody waits"],
  [/ (THREADS_|X_)?LOCK$/, "an unlocked word is set right by the next lock"],
  [/HEAP_ID|X_POISON/, "any value is one"],
  [/^map LARGE$/, "a domain is as good as another"],
  [/NTOTALPOOLS|THREADS_USED/, "above the slots in use it only costs time"],
  [/^thread guest/, "a thread state of somebody else"],
];

/** Why a region is exempt, or `""`. */
export function reasonOf(region: string): string {
  const name = region.replace(/^[\w-]+: /, "");
  return EXEMPT.find(([pattern]) => pattern.test(name))?.[1] ?? "";
}
