/**
 * `debug_alloc_api_t`: the context of the debug hooks of one domain.
 *
 * ## Threads
 *   Belongs to one worker; nothing of it is shared.
 *
 * Source: CPython 3.14 Include/internal/pycore_pymem_init.h, struct
 * _pymem_allocators; Objects/obmalloc.c, debug_alloc_api_t.
 *
 * @module
 */

import * as Header from "../../layout/header.ts";
import * as PageMap from "../../layout/page_map.ts";
import type { AnyAllocator, Core } from "../../domains/mod.ts";
import type { Memory } from "../../memory/mod.ts";
import * as Block from "./block.ts";

/** IDs of the domains, by number: `r`, `m`, `o`. */
const IDS = [0x72, 0x6d, 0x6f] as const;

/**
 * Bytes at the start of an object that fills leave alone in the free-threaded
 * build: readers without a lock may still look at its reference counts. C:
 * debug_offset - 2 * SST. They are four words here.
 */
export const OBJECT_HEAD = 16;

/** See the head of this file. */
export class DebugAllocApi {
  /** Says whether a thread state is attached. */
  declare readonly route: { readonly isAttached: boolean };
  /** The heap. */
  declare readonly m: Memory;
  /** Domain number. */
  declare readonly domain: number;
  /** ID of the domain. Byte. C: api_id. */
  declare readonly id: number;
  /** Word of the header with the ID. */
  declare readonly idWord: number;
  /** The record below the hooks. C: alloc. */
  declare readonly alloc: AnyAllocator;
  /** True if that is the engine's own. */
  declare readonly isDirect: boolean;
  /** True if realloc marks the old block as dead meanwhile: GIL build. */
  declare readonly erases: boolean;
  /** True if a whole block may be a free one, and the heap can tell. */
  declare readonly asksState: boolean;
  /** Bytes of data that fills leave alone. */
  declare readonly kept: number;
  /** What realloc saves bytes in, or null while it does. */
  spare: Uint8Array<ArrayBuffer> | null = null;

  /** The hooks of a domain, around the record that it has. */
  constructor(core: Core.Core, domain: number, alloc: AnyAllocator) {
    const isFree = core.m.build === Header.BUILD_FREE_THREADED;
    this.route = core.mem.route;
    this.m = core.m;
    this.domain = domain;
    this.id = IDS[domain];
    this.idWord = Block.idWordOf(this.id);
    this.alloc = alloc;
    this.isDirect = core.installed.records[domain] === null;
    this.erases = !isFree;
    this.asksState = isFree && core.m.isSealed;
    this.kept = isFree && domain === PageMap.OBJ ? OBJECT_HEAD : 0;
  }
}
