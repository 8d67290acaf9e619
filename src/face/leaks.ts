/**
 * `heap.mark()` and `heap.leaks()`: what a piece of code left behind.
 *
 * A mark is the set of all live blocks. What is live later and was not then,
 * is a leak. A block that stands where one stood at the mark counts as that
 * one: as many blocks as before are no leak.
 *
 * ## Threads
 *   The world is stopped, and the locks of all tables are held, while the
 *   blocks are walked: MEM and OBJ are exact. RAW may be used by other workers
 *   all the while; what these do at that moment is seen in part.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as PageMap from "../layout/page_map.ts";
import type { Core } from "../domains/core.ts";
import type { Memory } from "../memory/mod.ts";
import {
  BlockSet,
  eachLiveBlock,
  PoolBlocks,
  requestedOf,
  withLocks,
} from "../check/mod.ts";
import { NAMES, Seal } from "../domains/mod.ts";
import {
  isTracing,
  type RawTraceback,
  Traceback,
} from "../hooks/tracemalloc/mod.ts";
import { Policy } from "../pools/mod.ts";
import { type DomainName, nameOfHolder, slotOf, traceOf } from "./describe.ts";

/** Addresses that a line of a report names. Count. */
const MAX_SHOWN = 4;
/** Groups that the text of a report has. Count. */
const MAX_GROUPS = 40;

/** The blocks that were live at one moment. Made by {@linkcode Heap.mark}. */
export class HeapMark {
  /** Blocks that were live. Count. */
  readonly blocks: number;
  /** @ignore */
  readonly buffer: SharedArrayBuffer;
  /** @ignore */
  readonly set: BlockSet;
  /** @ignore True if allocations were traced. */
  readonly wasTracing: boolean;

  /** @ignore */
  constructor(m: Memory, set: BlockSet, wasTracing: boolean) {
    this.buffer = m.buffer;
    this.set = set;
    this.blocks = set.size;
    this.wasTracing = wasTracing;
  }
}

/** Options of {@linkcode Heap.leaks}. */
export interface LeakOptions {
  /** Domains to look at; all three if absent. */
  readonly domains?: readonly DomainName[];
}

/** Blocks that were left by the same piece of code, as far as one can tell. */
export interface LeakGroup {
  /** Their domain. */
  readonly domain: DomainName;
  /** Slot of who allocated them; of sealed heaps, or if they were traced. */
  readonly thread: number | null;
  /** Slot that holds their pools: 0 nobody, 1 the GIL; `null` for large ones. */
  readonly holder: number | null;
  /** Where they were allocated; `null` if that was not traced. */
  readonly traceback: Traceback | null;
  /** The addresses that their callers have. Byte addresses, ascending. */
  readonly addresses: readonly number[];
  /** Size of each, as far as known what was asked for. Bytes. */
  readonly sizes: readonly number[];
  /** Sum of the sizes. Bytes. */
  readonly bytes: number;
}

/** A group that is being filled. */
interface Group extends LeakGroup {
  readonly addresses: number[];
  readonly sizes: number[];
  bytes: number;
}

/** What was left behind. Made by {@linkcode Heap.leaks}. */
export class LeakReport {
  /** What was left, the most bytes first. */
  readonly groups: readonly LeakGroup[];
  /** Blocks that were left. Count. */
  readonly blocks: number;
  /** Their sizes. Bytes. */
  readonly bytes: number;
  /** Blocks of the mark that are gone, in all domains. Count. */
  readonly freed: number;

  /** @ignore */
  constructor(groups: LeakGroup[], freed: number) {
    groups.sort((a, b) => b.bytes - a.bytes || a.addresses[0] - b.addresses[0]);
    this.groups = groups;
    this.blocks = groups.reduce((sum, each) => sum + each.addresses.length, 0);
    this.bytes = groups.reduce((sum, each) => sum + each.bytes, 0);
    this.freed = freed;
  }

  /** True if nothing was left. */
  get ok(): boolean {
    return this.blocks === 0;
  }

  /** The report, some lines for each of the largest groups. */
  toString(): string {
    if (this.ok) return "No block was left";
    const lines = [`${countOf(this.blocks)} left, ${this.bytes} bytes:`];
    lines.push(...this.groups.slice(0, MAX_GROUPS).map(textOf));
    const more = this.groups.length - MAX_GROUPS;
    if (more > 0) lines.push(`  and ${more} smaller groups`);
    return lines.join("\n");
  }

  /** What `Deno.inspect()` and `console.log()` show. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What Node's `util.inspect()` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** `1 block`, `2 blocks`. */
function countOf(blocks: number): string {
  return blocks === 1 ? "1 block" : `${blocks} blocks`;
}

/** The sizes of a group: one, or from the smallest to the largest. */
function sizesOf({ sizes }: LeakGroup): string {
  let [least, most] = [sizes[0], sizes[0]];
  for (const size of sizes) {
    least = Math.min(least, size);
    most = Math.max(most, size);
  }
  return least === most ? `${least} bytes` : `${least} to ${most} bytes`;
}

/** The lines of a group. */
function textOf(group: LeakGroup): string {
  const { addresses, holder, thread, traceback } = group;
  const shown = addresses.slice(0, MAX_SHOWN).map(show).join(", ");
  const more = addresses.length > MAX_SHOWN ? ", …" : "";
  const held = holder === null ? "" : `, held by ${nameOfHolder(holder)}`;
  const by = thread === null ? held : `, allocated by thread ${thread}`;
  const line = `  ${countOf(addresses.length)} of ${sizesOf(group)} in ` +
    `${group.domain}${by}: ${shown}${more}`;
  return traceback === null
    ? line
    : [line, ...traceback.format().map((each) => `    ${each}`)].join("\n");
}

/** A block that the walk has met. */
interface Found {
  readonly block: number;
  readonly page: number;
  readonly key: number;
  readonly szidx: number;
}

/** What a walk met: blocks that were not live at the mark, and the others. */
interface Finds {
  readonly found: Found[];
  /** Blocks of the mark that are still there. Count. */
  kept: number;
}

/** Walks the heap under its locks. */
function walk(m: Memory, since: HeapMark | null): Finds {
  const finds: Finds = { found: [], kept: 0 };
  withLocks(m, () =>
    eachLiveBlock(m, (block, page, key, szidx) => {
      if (since?.set.has(block)) finds.kept++;
      else finds.found.push({ block, page, key, szidx });
    }));
  return finds;
}

/** A group without blocks for a block. */
function groupFor(
  m: Memory,
  { block, page, key, szidx }: Found,
  trace: RawTraceback | null,
): Group {
  const seal = m.isSealed ? Seal.allocatedBy(m, page, block) : 0;
  return {
    domain: NAMES[Policy.domainOf(key)],
    thread: slotOf(m, trace?.worker ?? seal),
    holder: szidx < 0 ? null : Policy.holderOf(key) & PageMap.SLOT_MASK,
    traceback: trace && new Traceback(trace.frames, trace.totalNframe),
    addresses: [],
    sizes: [],
    bytes: 0,
  };
}

/** Sorts blocks into groups by where they come from. */
class Sorter {
  readonly groups: Map<string, Group> = new Map();
  readonly #core: Core;
  /** True if whatever the program allocated was traced. */
  readonly #isTraced: boolean;

  constructor(core: Core, since: HeapMark | null) {
    this.#core = core;
    this.#isTraced = since?.wasTracing === true && isTracing(core.m);
  }

  /** Adds a block to its group. */
  add(found: Found): void {
    const { m } = this.#core;
    const { block, page, key, szidx } = found;
    const domain = Policy.domainOf(key);
    const { data, nbytes } = requestedOf(m, page, szidx, domain, block);
    const trace = traceOf(this.#core, data);
    // The tables of the tracing are blocks of RAW that nobody traces.
    const isOurs = this.#isTraced && domain === PageMap.RAW;
    if (trace === null && isOurs) return;
    const size = nbytes >= 0 ? nbytes : PoolBlocks.sizeOfBlock(m, page, szidx);
    const fresh = groupFor(m, found, trace);
    const where = fresh.traceback?.key ?? `${fresh.holder} ${size}`;
    const name = `${domain} ${fresh.thread} ${where}`;
    const group = this.groups.get(name) ?? fresh;
    if (group === fresh) this.groups.set(name, group);
    group.addresses.push(data);
    group.sizes.push(size);
    group.bytes += size;
  }
}

/** All live blocks. The world is stopped. See {@linkcode Heap.mark}. */
export function mark(m: Memory): HeapMark {
  const set = new BlockSet(m.buffer.byteLength);
  withLocks(m, () => eachLiveBlock(m, (block) => set.add(block)));
  return new HeapMark(m, set, isTracing(m));
}

/** Refuses what cannot be compared with the heap. */
function requireMark(m: Memory, since: unknown): void {
  if (!(since instanceof HeapMark)) {
    throw new TypeError(
      `Cannot look for leaks since ${show(since)}: it is no mark of a heap`,
    );
  }
  if (since.buffer !== m.buffer) {
    throw new TypeError("Cannot look for leaks: the mark is of another heap");
  }
}

/** The domains to look at. */
function domainsOf({ domains = NAMES }: LeakOptions): readonly string[] {
  for (const name of domains) {
    if (NAMES.includes(name)) continue;
    throw new TypeError(
      `Cannot look for leaks in domain ${show(name)}: it must be "raw", ` +
        '"mem" or "obj"',
    );
  }
  return domains;
}

/**
 * What is live and was not at the mark. The world is stopped. See
 * {@linkcode Heap.leaks}.
 */
export function leaks(
  core: Core,
  since: HeapMark | null,
  options: LeakOptions,
): LeakReport {
  const { m } = core;
  if (since !== null) requireMark(m, since);
  const domains = domainsOf(options);
  const { found, kept } = walk(m, since);
  const sorter = new Sorter(core, since);
  for (const each of found) {
    if (domains.includes(NAMES[Policy.domainOf(each.key)])) sorter.add(each);
  }
  const freed = since === null ? 0 : since.blocks - kept;
  return new LeakReport([...sorter.groups.values()], freed);
}
