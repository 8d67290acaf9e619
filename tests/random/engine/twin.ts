/**
 * What the names of twins end with.
 *
 * @module
 */

/** Behind the name of the function: the twin that can be left. */
export const TWIN = "$";
/** Behind the name of the function: the twin that runs straight through. */
export const STRAIGHT = "$$";
