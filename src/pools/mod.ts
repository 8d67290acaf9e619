/** Door of the pools layer. @module */
export * as Arena from "./arena.ts";
export * as Leave from "./leave.ts";
export * as Policy from "./policy.ts";
export * as Pool from "./pool.ts";
export * as Remote from "./remote.ts";
export * as Repair from "./repair.ts";
export * as Ring from "./ring.ts";
export * as SizeClasses from "./size_classes.ts";
export * as Supply from "./supply.ts";
