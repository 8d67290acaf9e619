/** Door of the collector. @module */
export { type Callback, DEBUG_SAVEALL, Gc, type Info } from "./gc.ts";
export type { GenerationStats, Triple } from "./settings.ts";
