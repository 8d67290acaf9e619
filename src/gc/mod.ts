/** Door of the collector. @module */
export { type Callback, Gc, type Info } from "./gc.ts";
export {
  COLLECTABLE as DEBUG_COLLECTABLE,
  LEAK as DEBUG_LEAK,
  SAVEALL as DEBUG_SAVEALL,
  STATS as DEBUG_STATS,
  UNCOLLECTABLE as DEBUG_UNCOLLECTABLE,
} from "./report.ts";
export type { GenerationStats, Triple } from "./settings.ts";
export { objectsOf, type Opened } from "./open.ts";
