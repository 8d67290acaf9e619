/** Door of the checker. @module */
export { checkCore, checkMemory, type CheckReport } from "./check.ts";
