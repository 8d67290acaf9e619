/**
 * What becomes of workers that died, and of those that may have.
 *
 * @module
 */

export * as Estate from "./estate.ts";
export * as Fence from "./fence.ts";
export * as Recovery from "./recover.ts";
