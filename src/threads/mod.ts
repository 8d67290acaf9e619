/**
 * Thread states, the GIL, safe points, stopping the world, and reclamation.
 *
 * @module
 */

export * as CriticalSection from "./critical_section.ts";
export * as EvalBreaker from "./eval_breaker.ts";
export * as Gil from "./gil.ts";
export * as HeapLock from "./heap_lock.ts";
export * as Lock from "./lock.ts";
export * as Qsbr from "./qsbr.ts";
export * as SafePoint from "./safe_point.ts";
export * as Sections from "./sections.ts";
export * as Suspension from "./suspension.ts";
export * as ThreadStates from "./thread_state.ts";
export * as World from "./world.ts";
