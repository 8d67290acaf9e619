/** Door of allocation tracing. @module */
export {
  DomainFilter,
  Filter,
  type RawTrace,
  type TraceFilter,
  WorkerFilter,
} from "./filter.ts";
export {
  type FormatOptions,
  Frame,
  type RawFrame,
  Traceback,
} from "./frame.ts";
export type { RawTraceback } from "./read.ts";
export { parseNframe } from "./option.ts";
export { allocationTraceback, find } from "./report.ts";
export { isTracing } from "./tables/session.ts";
export { type KeyType, Snapshot, Trace, Traces } from "./snapshot.ts";
export { Statistic, StatisticDiff } from "./statistic.ts";
export { formatSize } from "./text.ts";
export { Tracemalloc } from "./tracemalloc.ts";
