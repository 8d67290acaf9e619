/** Door of the debug hooks. @module */
export { makeDomains } from "./domains.ts";
export { isPtrFreed } from "./freed.ts";
export { isOurs } from "./hooks.ts";
export { dumpAddress } from "./report.ts";
export { follow, isOnBase, setUp } from "./setup.ts";
export { enable, isEnabled } from "./state.ts";
export * as Stderr from "./stderr.ts";
