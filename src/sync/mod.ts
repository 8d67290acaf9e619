/**
 * Locks, events and the parking lot: all that sleeps and wakes, and nothing
 * that knows of thread states beyond the waiter record in them.
 *
 * @module
 */

export * as Damage from "./damage.ts";
export * as Death from "./death.ts";
export * as Fatal from "./fatal.ts";
export * as Mutex from "./mutex.ts";
export * as ParkingLot from "./parking_lot.ts";
export * as PyEvent from "./event.ts";
export * as RawMutex from "./raw_mutex.ts";
