/** Door of the checker. @module */
export { checkCore, type CheckReport } from "./check.ts";
