/**
 * Names of the domains.
 *
 * @module
 */

/** Names as they appear in texts, by number. */
export const NAMES = ["raw", "mem", "obj"] as const;
