/**
 * `heap.describe()`: what an address is, for whoever looks for a mistake.
 *
 * ## Threads
 *   Reads only, see `check/addresses.ts`; who looks for a traceback says so in
 *   its thread state meanwhile, see `hooks/tracemalloc/tables/inside.ts`.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as PageMap from "../layout/page_map.ts";
import { type Memory, threadsUsed } from "../memory/mod.ts";
import { Addresses, requestedOf } from "../check/mod.ts";
import { NAMES, Seal } from "../domains/mod.ts";
import type { Core } from "../domains/core.ts";
import {
  find,
  isTracing,
  type RawTraceback,
  Traceback,
} from "../hooks/tracemalloc/mod.ts";
import { Policy, SizeClasses } from "../pools/mod.ts";

/** Name of a domain. */
export type DomainName = "raw" | "mem" | "obj";

/** Where a block was allocated, if it was traced and this worker may ask. */
export function traceOf(core: Core, data: number): RawTraceback | null {
  const { m } = core;
  // Who asks writes to its thread state, so it must have one.
  const mayAsk = !core.isClosed && !core.isRevoked && isTracing(m);
  return mayAsk ? find(m, data) : null;
}

/** How a slot is called that holds a pool. */
export function nameOfHolder(slot: number): string {
  if (slot === PageMap.NOBODY) return "nobody";
  return slot === PageMap.GIL_HOLDER ? "the GIL" : `thread ${slot}`;
}

/** Size class of a block: which kind of pool it lies in. */
function sizeClassOf(szidx: number): "small" | "medium" | "large" {
  if (szidx < 0) return "large";
  return szidx < SizeClasses.SMALL_CLASSES ? "small" : "medium";
}

/** Slot of an owner id that a seal names, or `null` if it can be none. */
export function slotOf(m: Memory, owner: number): number | null {
  const slot = owner & PageMap.SLOT_MASK;
  const isSlot = slot >= PageMap.FIRST_SLOT && slot < threadsUsed(m);
  return owner > 0 && isSlot ? slot : null;
}

/**
 * What an address is. Made by {@linkcode Heap.describe}.
 *
 * Fields that do not apply, or that nobody knows, are `null`.
 */
export class AddressInfo {
  /** The number that was asked about. */
  readonly address: number;
  /** What it is. */
  readonly state: Addresses.AddressState;
  /** Domain of the pool or block. */
  readonly domain: DomainName | null;
  /** First byte of the block that the address lies in. Byte address. */
  readonly block: number | null;
  /** From there to the address. Bytes. */
  readonly offset: number | null;
  /** Size of that block; of a large one what was asked for. Bytes. */
  readonly blockSize: number | null;
  /** Up to 512 bytes, up to 32 KiB, or above. */
  readonly sizeClass: "small" | "medium" | "large" | null;
  /** Number of the size class of the pool. Index. */
  readonly szidx: number | null;
  /** Slot that holds the pool: 0 nobody, 1 the GIL, 2 and up a thread. */
  readonly holder: number | null;
  /** Of a live block: the address that its caller has. Byte address. */
  readonly data: number | null;
  /** Of a live block: what its caller asked for. Bytes. */
  readonly requested: number | null;
  /** Slot of who allocated the block; of sealed heaps, or if it was traced. */
  readonly allocatedBy: number | null;
  /** Slot of who freed the block; of sealed heaps. */
  readonly freedBy: number | null;
  /** Where a live block was allocated, if it was traced. */
  readonly traceback: Traceback | null;

  /** @ignore */
  constructor(core: Core, place: Addresses.Place) {
    const { m } = core;
    const { address, state, page, key, block, szidx } = place;
    const isInBlock = block !== 0;
    const isInPool = page !== 0 && (isInBlock || state === "gap");
    const isLive = state === "live";
    const domain = Policy.domainOf(key);
    const request = isLive ? requestedOf(m, page, szidx, domain, block) : null;
    this.address = address;
    this.state = state;
    this.domain = isInPool ? NAMES[domain] ?? null : null;
    this.block = isInBlock ? block : null;
    this.offset = isInBlock ? address - block : null;
    this.blockSize = isInBlock ? place.blockSize : null;
    this.sizeClass = isInBlock ? sizeClassOf(szidx) : null;
    this.szidx = szidx < 0 ? null : szidx;
    const hasHolder = isInPool && szidx >= 0;
    this.holder = hasHolder ? Policy.holderOf(key) & PageMap.SLOT_MASK : null;
    this.data = request?.data ?? null;
    this.requested = request && request.nbytes >= 0 ? request.nbytes : null;
    const isSealed = m.isSealed && isInBlock && state !== "uncarved";
    this.freedBy = isSealed && !isLive
      ? slotOf(m, Seal.freedBy(m, page, block))
      : null;
    const trace = request && traceOf(core, request.data);
    const seal = isSealed && (isLive || this.freedBy !== null)
      ? Seal.allocatedBy(m, page, block)
      : 0;
    this.allocatedBy = slotOf(m, trace?.worker ?? seal);
    this.traceback = trace && new Traceback(trace.frames, trace.totalNframe);
  }

  /** One sentence, and the traceback below it. */
  toString(): string {
    const lines = [`${showNumber(this.address)} ${predicateOf(this)}`];
    if (this.traceback !== null) {
      lines.push(
        "Allocated at (most recent call last):",
        ...this.traceback.format(),
      );
    }
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

/** A number as texts show it: hexadecimal if it may be an address. */
function showNumber(value: number): string {
  return value >= 0 && value < 2 ** 53 ? show(value) : String(value);
}

/** What the sentence says of a place that is in no block. */
function predicateOfPlace(info: AddressInfo): string {
  switch (info.state) {
    case "null":
      return "is NULL";
    case "outside":
      return "is outside the heap";
    case "metadata":
      return "belongs to the heap's own tables";
    case "in transit":
      return "is in pages that a thread has taken and not put to use yet";
    case "unused":
      return "is in a page that is free";
    default:
      return `is in no block, but in a pool of the ${info.domain} domain` +
        heldBy(info);
  }
}

/** The end of a sentence about a pool. */
function heldBy(info: AddressInfo): string {
  return info.holder === null ? "" : `, held by ${nameOfHolder(info.holder)}`;
}

/** What is said of the block itself, before and behind its domain. */
const NOUNS: Partial<Record<Addresses.AddressState, [string, string]>> = {
  live: ["a live block", ""],
  free: ["a free block", ""],
  remote: ["a block", " that another thread has freed"],
  quarantined: ["a free block", " whose pool is in quarantine"],
  uncarved: ["a block", " that was never allocated"],
};

/** What the sentence says of an address: all but its subject. */
function predicateOf(info: AddressInfo): string {
  const { block, data, requested, blockSize } = info;
  const noun = NOUNS[info.state];
  if (block === null || noun === undefined) return predicateOfPlace(info);
  const start = data ?? block;
  const isStart = info.address === start;
  const where = isStart ? "is" : `is ${distance(info.address - start)}`;
  const which = isStart ? "" : ` at ${show(start)}`;
  const asked = requested === null || requested === blockSize
    ? ""
    : `, ${requested} of them asked for`;
  return `${where} ${noun[0]}${which} of the ${info.domain} domain${
    noun[1]
  }: ` +
    `${blockSize} bytes${asked}${heldBy(info)}${doneBy(info)}`;
}

/** How far from its start an address lies, and in which direction. */
function distance(bytes: number): string {
  return bytes < 0 ? `${-bytes} bytes before` : `${bytes} bytes into`;
}

/** Who allocated and who freed a block, where that is known. */
function doneBy(info: AddressInfo): string {
  const { allocatedBy, freedBy } = info;
  const allocated = allocatedBy === null
    ? ""
    : `, allocated by thread ${allocatedBy}`;
  return freedBy === null
    ? allocated
    : `${allocated}, freed by thread ${freedBy}`;
}

/** See {@linkcode Heap.describe}. */
export function describe(core: Core, address: number): AddressInfo {
  if (typeof address !== "number") {
    throw new TypeError(`Cannot describe ${show(address)}: it is no number`);
  }
  return new AddressInfo(core, Addresses.lookUp(core.m, address));
}
