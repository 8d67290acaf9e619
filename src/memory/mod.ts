/** Door of the memory layer. @module */
export * as Bytes from "./bytes.ts";
export * as Create from "./create.ts";
export type { AllocatorWords } from "./create.ts";
export {
  type Address,
  addressOf,
  type Clock,
  firstPageOf,
  isDebugAllocator,
  isRecord,
  Memory,
  OVERFLOW,
  pageOf,
  recordOf,
  threadsUsed,
} from "./memory.ts";
export * as States from "./states.ts";
export * as Stack from "./stack.ts";
