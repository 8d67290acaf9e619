/** Door of the domains layer. @module */
export * as Core from "./core.ts";
export * as Describe from "./describe.ts";
export * as Requests from "./requests.ts";
export { NAMES } from "./route.ts";
