/**
 * All models.
 *
 * @module
 */

import type { Model } from "../checker/model.ts";
import * as Corners from "./corners.ts";
import * as CriticalSection from "./critical_section.ts";
import * as Deaths from "./deaths.ts";
import * as DictReads from "./dict_reads.ts";
import * as Duels from "./duels.ts";
import * as Event from "./event.ts";
import * as ExtraDeaths from "./extra_deaths.ts";
import * as ExtraThreads from "./extra_threads.ts";
import * as Fatal from "./fatal.ts";
import * as Fences from "./fences.ts";
import * as GcPauses from "./gc_pauses.ts";
import * as Gil from "./gil.ts";
import * as HistoricGc from "./historic_gc.ts";
import * as MoreDeaths from "./more_deaths.ts";
import * as ListMoves from "./list_moves.ts";
import * as ListOwn from "./list_own.ts";
import * as ListReads from "./list_reads.ts";
import * as MemDelayed from "./mem_delayed.ts";
import * as Mutex from "./mutex.ts";
import * as Patience from "./patience.ts";
import * as Qsbr from "./qsbr.ts";
import * as RawMutex from "./raw_mutex.ts";
import * as Refcount from "./refcount.ts";
import * as RefcountExits from "./refcount_exits.ts";
import * as Remote from "./remote.ts";
import * as Sealed from "./sealed.ts";
import * as Shares from "./shares.ts";
import * as Suspension from "./suspension.ts";
import * as Tracemalloc from "./tracemalloc.ts";
import * as Weakref from "./weakref.ts";
import * as World from "./world.ts";

/** A file of models. */
interface File {
  readonly models: readonly Model[];
  readonly nightly?: readonly Model[];
}

const FILES: readonly File[] = [
  Mutex,
  RawMutex,
  Event,
  Fatal,
  Gil,
  World,
  Suspension,
  Qsbr,
  Remote,
  Sealed,
  Refcount,
  RefcountExits,
  GcPauses,
  HistoricGc,
  Weakref,
  CriticalSection,
  MemDelayed,
  ListReads,
  DictReads,
  ListMoves,
  ListOwn,
  Shares,
  Deaths,
  ExtraThreads,
  ExtraDeaths,
  Tracemalloc,
  Corners,
  Duels,
  Patience,
  Fences,
  MoreDeaths,
];

/** Models that are checked before a push. */
export const MODELS: readonly Model[] = FILES.flatMap((file) => file.models);

/** Models that are checked overnight, besides. */
export const NIGHTLY: readonly Model[] = FILES.flatMap((file) =>
  file.nightly ?? []
);
