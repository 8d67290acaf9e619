/**
 * Words that a probe and its worker share.
 *
 * @module
 */

/** How often the worker went round its loop. */
export const COUNTER = 0;
/** 1 once the worker is at its task. */
export const READY = 1;
/** 1 once a parked worker may go on. */
export const GO = 2;
/** 1 if a `catch` of the worker ran. */
export const CAUGHT = 3;
/** 1 if a `finally` of the worker ran. */
export const FINALLY = 4;
/** Words in all. Count. */
export const WORDS = 16;
