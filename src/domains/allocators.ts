/**
 * The allocator records of one worker, and the engine's own.
 *
 * ## Threads
 *   Records belong to one worker. X_CHANGES is atomic: whoever changes hook
 *   state that all workers share adds one to it afterwards, and each worker
 *   compares it with what it has seen when it attaches, in safe points and off
 *   the fast paths. A worker that stops before it has added leaves a change
 *   that others notice with the next one.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: PyMem_GetAllocator(),
 * PyMem_SetAllocator(), _PyMem_Raw, _PyMem, _PyObject.
 *
 * @module
 */

import * as Words from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Memory } from "../memory/mod.ts";
import type { AnyAllocator, Installed } from "./allocator.ts";
import * as ArenaAllocator from "./arena_allocator.ts";
import type { PyObjectArenaAllocator } from "./arena_allocator.ts";
import * as Engine from "./engine.ts";
import type { Route } from "./route.ts";

/** A domain object, as far as records concern it. */
interface Hookable {
  readonly route: Route;
  /** Opens its fast paths, or closes them. */
  refresh(): void;
}

/** True if two records do the same. */
function isSame(a: AnyAllocator, b: AnyAllocator): boolean {
  return a.ctx === b.ctx && a.malloc === b.malloc && a.calloc === b.calloc &&
    a.realloc === b.realloc && a.free === b.free;
}

/** See the head of this file. */
export class Allocators {
  readonly #m: Memory;
  readonly #installed: Installed;
  readonly #bases: readonly AnyAllocator[];
  readonly #domains: readonly Hookable[];
  readonly #arenaBase: PyObjectArenaAllocator;

  /**
   * The records of a worker.
   *
   * @param routes Routes of RAW, MEM and OBJ that return 0 on failure.
   * @param domains All domain objects of the worker; the list may grow.
   */
  constructor(routes: readonly Route[], domains: readonly Hookable[]) {
    this.#m = routes[0].m;
    this.#installed = routes[0].installed;
    this.#bases = routes.map(Engine.recordOf);
    this.#domains = domains;
    this.#arenaBase = ArenaAllocator.baseOf(this.#m);
  }

  /** The engine's own record of a domain. */
  base(domain: number): AnyAllocator {
    return { ...this.#bases[domain] };
  }

  /** True if a domain has the engine's own record. */
  isBase(domain: number): boolean {
    return !this.#installed.isHooked(domain);
  }

  /** A copy of the record of a domain. C: `PyMem_GetAllocator()`. */
  get(domain: number): AnyAllocator {
    return { ...(this.#installed.records[domain] ?? this.#bases[domain]) };
  }

  /**
   * Installs a record, of which a copy is kept. C: `PyMem_SetAllocator()`.
   *
   * @param domain Domain number.
   */
  set(domain: number, record: AnyAllocator): void {
    this.#installed.records[domain] = isSame(record, this.#bases[domain])
      ? null
      : { ...record };
    for (const each of this.#domains) each.refresh();
  }

  /** A copy of the arena record. C: `PyObject_GetArenaAllocator()`. */
  getArena(): PyObjectArenaAllocator {
    return { ...(this.#installed.arena ?? this.#arenaBase) };
  }

  /**
   * Installs an arena record, of which a copy is kept.
   * C: `PyObject_SetArenaAllocator()`.
   */
  setArena(record: PyObjectArenaAllocator): void {
    const base = this.#arenaBase;
    const isBase = record.alloc === base.alloc && record.free === base.free &&
      record.ctx === base.ctx;
    this.#installed.arena = isBase ? null : { ...record };
    for (const each of this.#domains) each.refresh();
  }

  /** Runs what may give arenas back, and tells the arena record of them. */
  withArenas(run: () => void): void {
    ArenaAllocator.watch(this.#m, this.#installed.arena, run);
  }

  /** Lets other workers know that shared hook state was changed. */
  announce(): void {
    Atomics.add(this.#m.i32, Layout.ALLOCATORS + Words.X_CHANGES, 1);
  }
}
