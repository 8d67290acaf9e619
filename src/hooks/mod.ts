/** Door of the hooks: debug hooks and allocation tracing. @module */
export * as Debug from "./debug/mod.ts";
