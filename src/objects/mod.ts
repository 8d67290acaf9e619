/**
 * Objects: made, counted, compared, printed, deallocated.
 *
 * @module
 */

import type { Core } from "../domains/core.ts";
import * as Header from "../layout/header.ts";
import { BiasedObjects } from "./biased_objects.ts";
import { BUILTIN_TYPES } from "./builtin_types.ts";
import { GilObjects } from "./gil_objects.ts";
import * as MemDelayed from "./mem_delayed.ts";
import type { Objects } from "./objects.ts";
import * as Kinds from "./kinds.ts";
import * as Statics from "./statics.ts";
import * as UserType from "./user_type.ts";
import * as Weakref from "./weakref.ts";

export * as Bool from "./bool.ts";
export * as Bytes from "./bytes.ts";
export * as Complex from "./complex.ts";
export * as Dict from "./dict.ts";
export * as Finalizers from "./finalizers.ts";
export * as Float from "./float.ts";
export * as FreeLists from "./free_lists.ts";
export * as Held from "./held.ts";
export * as Kinds from "./kinds.ts";
export * as List from "./list.ts";
export * as Long from "./long.ts";
export * as MemDelayed from "./mem_delayed.ts";
export * as None from "./none.ts";
export { Objects, type Slots, type Visit } from "./objects.ts";
export * as Protocol from "./protocol.ts";
export * as Sets from "./set.ts";
export { Shares } from "./sharing/mod.ts";
export * as Tracking from "./tracking.ts";
export * as Tuple from "./tuple.ts";
export * as Unicode from "./unicode.ts";
export * as UserType from "./user_type.ts";
export * as Weakref from "./weakref.ts";

/**
 * Objects for the worker of a core; called once for each core.
 *
 * @returns The objects, or null if no memory is left for those that are there
 * from the start.
 */
export function open(core: Core): Objects | null {
  const isBiased = core.m.build === Header.BUILD_FREE_THREADED;
  const o = isBiased ? new BiasedObjects(core) : new GilObjects(core);
  for (const { kind, slots } of BUILTIN_TYPES) o.setSlots(kind, slots);
  o.setSlots(Kinds.USER, UserType.SLOTS);
  if (!Statics.ensure(o)) return null;
  core.accompany(o);
  core.accompany(new MemDelayed.DelayedFrees(o));
  Weakref.open(o);
  return o;
}
