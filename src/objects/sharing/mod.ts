/** Door of what objects need to be read while others write. @module */
export * as Delayed from "./delayed.ts";
