/** Door of the domains layer. @module */
export * as Core from "./core.ts";
export * as Describe from "./describe.ts";
export * as Requests from "./requests.ts";
export { MemDomain, type Sized } from "./mem.ts";
export { ObjDomain } from "./obj.ts";
export { RawDomain } from "./raw.ts";
export { NAMES } from "./route.ts";
