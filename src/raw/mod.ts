/** Door of the page runs and large blocks. @module */
export * as Large from "./large.ts";
export * as RebuildRuns from "./rebuild.ts";
export * as Runs from "./runs.ts";
