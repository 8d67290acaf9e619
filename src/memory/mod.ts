/** Door of the memory layer. @module */
export * as Bytes from "./bytes.ts";
export * as Create from "./create.ts";
export {
  type Address,
  addressOf,
  type Clock,
  Memory,
  pageOf,
  recordOf,
} from "./memory.ts";
