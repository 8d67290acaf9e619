/**
 * The allocator records that trace: one for each domain, around whatever was
 * installed before.
 *
 * A call that one of them makes is not traced again, so a request of MEM that
 * goes on to RAW is one trace, of the size that was asked of MEM.
 *
 * ## Threads
 *   Records belong to one worker. While a block is being freed or moved it has
 *   no trace: from the moment that its address may be given out again, the
 *   place of its trace belongs to whoever gets it.
 *
 * Source: CPython 3.14 Python/tracemalloc.c: tracemalloc_alloc(),
 * tracemalloc_realloc(), tracemalloc_free().
 * Differs: the trace goes before the block does, not after; a traceback that
 * finds no memory lets a realloc fail before it has moved anything; nothing
 * attaches a thread state.
 *
 * @module
 */

import type { AnyAllocator } from "../../domains/mod.ts";
import { Fatal } from "../../sync/mod.ts";
import * as Read from "./read.ts";
import * as Session from "./tables/session.ts";
import type { Stack } from "./stack.ts";
import type { Tracer } from "./tracer.ts";

/** The functions of a domain, as they are called from outside. */
interface Entries {
  readonly malloc: unknown;
  readonly calloc: unknown;
  readonly realloc: unknown;
}

/** What a record works with. */
interface Hook {
  readonly tracer: Tracer;
  /** The record that was there before. */
  readonly inner: AnyAllocator;
  /** Where calls come in. */
  readonly entries: Entries;
}

/** True if the call is to be traced; then it is under way until `close()`. */
function open(tracer: Tracer): boolean {
  if (tracer.isBusy || !Session.isTracing(tracer.core.m)) return false;
  tracer.isBusy = true;
  return true;
}

/** Notes a block that was just allocated, or gives it back. */
function noted(hook: Hook, block: number, size: number, by: unknown): number {
  const { tracer, inner } = hook;
  if (block === 0) return 0;
  const result = tracer.track(0, block, size, by);
  if (result !== Session.NO_MEMORY) return block;
  inner.free(inner.ctx, block);
  return 0;
}

function malloc(hook: Hook, size: number): number {
  const { tracer, inner, entries } = hook;
  if (!open(tracer)) return inner.malloc(inner.ctx, size);
  try {
    const block = inner.malloc(inner.ctx, size);
    return noted(hook, block, size, entries.malloc);
  } finally {
    tracer.isBusy = false;
  }
}

function calloc(hook: Hook, nelem: number, elsize: number): number {
  const { tracer, inner, entries } = hook;
  if (!open(tracer)) return inner.calloc(inner.ctx, nelem, elsize);
  try {
    const block = inner.calloc(inner.ctx, nelem, elsize);
    return noted(hook, block, nelem * elsize, entries.calloc);
  } finally {
    tracer.isBusy = false;
  }
}

function realloc(hook: Hook, ptr: number, size: number): number {
  const { tracer, inner, entries } = hook;
  if (!open(tracer)) return inner.realloc(inner.ctx, ptr, size);
  try {
    if (ptr !== 0) return resize(hook, ptr, size);
    const block = inner.realloc(inner.ctx, 0, size);
    return noted(hook, block, size, entries.realloc);
  } finally {
    tracer.isBusy = false;
  }
}

/** Resizes a block, with its trace. */
function resize(hook: Hook, ptr: number, size: number): number {
  const { tracer, inner, entries } = hook;
  const stack = tracer.prepare(entries.realloc);
  if (stack === undefined) return 0;
  const block = withoutTrace(
    tracer,
    ptr,
    () => inner.realloc(inner.ctx, ptr, size),
  );
  if (block !== 0) renote(tracer, block, size, stack);
  return block;
}

/** Notes a block that was resized. */
function renote(
  tracer: Tracer,
  block: number,
  size: number,
  stack: Stack,
): void {
  if (tracer.trackAt(block, size, stack) !== Session.NO_MEMORY) return;
  Fatal.fatal(
    tracer.core.m,
    "tracemalloc_realloc() failed to allocate a trace", // verbatim
  );
}

/** Takes the trace of a block off; puts it back if the call fails. */
function withoutTrace(
  tracer: Tracer,
  ptr: number,
  call: () => number,
): number {
  const trace = tracer.take(ptr);
  const { epoch } = tracer.window;
  Read.remember(tracer.window, ptr, trace);
  let isDone = false;
  try {
    const result = call();
    isDone = result !== 0;
    return result;
  } finally {
    Read.forget();
    if (!isDone) tracer.putBack(ptr, trace, epoch);
  }
}

function free(hook: Hook, ptr: number): void {
  const { tracer, inner } = hook;
  if (ptr === 0 || !open(tracer)) return inner.free(inner.ctx, ptr);
  try {
    withoutTrace(tracer, ptr, () => {
      inner.free(inner.ctx, ptr);
      return 1;
    });
  } finally {
    tracer.isBusy = false;
  }
}

/** A record that traces, around the one that a domain has. */
function wrap(tracer: Tracer, entries: Entries, inner: AnyAllocator) {
  const ctx: Hook = { tracer, inner, entries };
  const { sizeOf } = inner;
  const record: AnyAllocator = { ctx, malloc, calloc, realloc, free };
  if (sizeOf !== undefined) {
    record.sizeOf = (_hook, ptr) => sizeOf(inner.ctx, ptr);
  }
  return record;
}

/**
 * Installs a record in each domain that has none of the tracer's, on top of
 * what is there.
 *
 * @param tracer The tracer of this worker.
 */
export function install(tracer: Tracer): void {
  const { allocators, raw, mem, obj } = tracer.core;
  [raw, mem, obj].forEach((entries, domain) => {
    if (tracer.records[domain] !== null) return;
    const record = wrap(tracer, entries, allocators.get(domain));
    tracer.records[domain] = record;
    allocators.set(domain, record);
  });
}

/**
 * Removes the records. One that a program has installed another around stays,
 * and passes all calls on.
 *
 * @param tracer The tracer of this worker.
 */
export function uninstall(tracer: Tracer): void {
  const { allocators } = tracer.core;
  tracer.records.forEach((record, domain) => {
    if (record === null || allocators.get(domain).ctx !== record.ctx) return;
    tracer.records[domain] = null;
    allocators.set(domain, (record.ctx as Hook).inner);
  });
}
