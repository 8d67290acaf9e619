/** Door of the checker, and of all else that walks the heap. @module */
export * as Addresses from "./addresses.ts";
export * as PoolBlocks from "./pool_blocks.ts";
export type { AddressState } from "./addresses.ts";
export {
  ARENA_MAP_TITLE,
  type ArenaCensus,
  arenaStats,
  countArenas,
  grouped,
  printone,
} from "./arena_stats.ts";
export { allocatedBlocks, Census, takeCensus, Tally } from "./census.ts";
export { checkCore, checkMemory, type CheckReport } from "./check.ts";
export { BlockSet, eachLiveBlock } from "./live_blocks.ts";
export { withLocks } from "./locks.ts";
export { type Requested, requestedOf } from "./requested.ts";
export { debugMallocStats } from "./malloc_stats.ts";
