/** Door of the domains layer. @module */
export * as AllocatorNames from "./allocator_names.ts";
export * as Core from "./core.ts";
export * as Describe from "./describe.ts";
export { type Domains, makeDomains } from "./hardened.ts";
export * as Requests from "./requests.ts";
export { MemDomain, type Sized } from "./mem.ts";
export { ObjDomain } from "./obj.ts";
export { RawDomain } from "./raw.ts";
export { NAMES } from "./names.ts";
export type { AnyAllocator, PyMemAllocatorEx } from "./allocator.ts";
export type { PyObjectArenaAllocator } from "./arena_allocator.ts";
export type { Allocators } from "./allocators.ts";
export * as Seal from "./seal.ts";
