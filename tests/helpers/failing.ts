/**
 * Lets one allocation of a worker fail.
 *
 * @module
 */

import type { Heap } from "../../mod.ts";
import * as PageMap from "../../src/layout/page_map.ts";

const DOMAINS = [PageMap.RAW, PageMap.MEM, PageMap.OBJ];

/**
 * Runs something while the n-th allocation of a core fails, and no other.
 *
 * @returns True if there were so many allocations.
 */
export function failing(heap: Heap, n: number, run: () => void): boolean {
  const { allocators } = heap.core;
  const records = DOMAINS.map((domain) => allocators.get(domain));
  let left = n;
  const isLast = () => --left === 0;
  for (const domain of DOMAINS) {
    const { ctx, malloc, calloc, realloc, free } = records[domain];
    allocators.set(domain, {
      ctx,
      malloc: (c, size) => isLast() ? 0 : malloc(c, size),
      calloc: (c, count, size) => isLast() ? 0 : calloc(c, count, size),
      realloc: (c, block, size) => isLast() ? 0 : realloc(c, block, size),
      free,
    });
  }
  try {
    run();
  } finally {
    for (const domain of DOMAINS) allocators.set(domain, records[domain]);
  }
  return left <= 0;
}
