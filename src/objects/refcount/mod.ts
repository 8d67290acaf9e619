/** Door of the reference counts. @module */
export * as Biased from "./biased.ts";
export * as Brc from "./brc.ts";
