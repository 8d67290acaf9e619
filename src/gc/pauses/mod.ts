/** Door of what the models check of the collector. @module */
export * as Hold from "./hold.ts";
export * as Turn from "./turn.ts";
