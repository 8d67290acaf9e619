/**
 * A route: how one worker reaches the engine for one domain.
 *
 * It is made of page map words, which name kind, domain and holder of the
 * pools that may be used. In the free-threaded build the holder is the
 * worker's thread state; in the GIL build that of MEM and OBJ is the GIL.
 *
 * ## Threads
 *   Belongs to one worker. `isAttached` mirrors the state word of its thread
 *   state, which only the worker itself moves to and from ATTACHED.
 *
 * @module
 */

import * as Words from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import type { Memory } from "../memory/mod.ts";
import { Policy } from "../pools/mod.ts";
import type { Installed } from "./allocator.ts";
import * as Describe from "./describe.ts";
import { NAMES } from "./names.ts";

/** Who mends what a worker has left half done when its stack ran out. */
export interface Healer {
  /** Gives the worker another thread state, and recovers the last one. */
  heal(): void;
  /** Follows changes of hook state that other workers have made. */
  adopt(): void;
}

/** True if the heap has no pools but those of the RAW engine. */
function isRawEngine(m: Memory): boolean {
  const allocator = m.i32[Layout.ALLOCATORS + Words.ALLOCATOR];
  return allocator === Words.MALLOC || allocator === Words.MALLOC_DEBUG;
}

/** See the head of this file. */
export class Route {
  /** The heap. */
  declare readonly m: Memory;
  /** Domain number, `PageMap.RAW` and so on. */
  declare readonly domain: number;
  /** Name of the domain as it appears in texts. */
  declare readonly name: string;
  /** Page map word of the small pools. */
  declare poolKey: number;
  /** Page map word of the small pools of the RAW engine; 0 bytes go there. */
  declare rawKey: number;
  /** Page map word of the spans. */
  declare spanKey: number;
  /** First ring of the small pools. Word index. */
  declare rings: number;
  /** True if failures throw, false if they return 0. */
  declare readonly throws: boolean;
  /** Bytes of each block that are not the caller's. */
  declare readonly overhead: number;
  /** What the routes of this worker share. */
  declare readonly installed: Installed;
  /** Set once, by the core that the route is of. */
  declare healer: Healer;
  /** True while the domain may be called. Always true for RAW. */
  declare isAttached: boolean;

  /** The route of the worker that `m` belongs to. */
  constructor(
    m: Memory,
    domain: number,
    throws: boolean,
    installed: Installed,
  ) {
    this.m = m;
    this.installed = installed;
    this.overhead = Describe.overheadOf(m);
    this.domain = domain;
    this.name = NAMES[domain];
    this.throws = throws;
    this.isAttached = domain === PageMap.RAW;
    this.bind();
  }

  /** True if the fast paths of the domain may be open. */
  get isOpen(): boolean {
    const { isAttached, installed, domain, m } = this;
    return isAttached && !installed.isHooked(domain) && !m.isSealed;
  }

  /** Takes over the thread state that the worker has now. */
  bind(): void {
    const { m, domain } = this;
    const isUnderGil = m.isGilHeld && domain !== PageMap.RAW;
    const holder = isUnderGil ? PageMap.GIL_HOLDER : m.owner;
    const bare = Policy.withHolder(domain << PageMap.DOMAIN_SHIFT, holder);
    this.rawKey = Policy.withKind(
      bare,
      isUnderGil ? PageMap.VIA_RAW : PageMap.POOL,
    );
    this.poolKey = isUnderGil && isRawEngine(m)
      ? this.rawKey
      : Policy.withKind(bare, PageMap.POOL);
    this.spanKey = Policy.withKind(bare, PageMap.SPAN);
    this.rings = Policy.ringOf(m, this.poolKey, 0);
  }
}
