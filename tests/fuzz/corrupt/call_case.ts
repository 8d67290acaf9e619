/**
 * One damaged heap and a string of public calls: each must return something
 * that makes sense or throw one of our errors, and must end.
 *
 * What a call returns makes sense if it is an address inside the heap, behind
 * its tables, a multiple of 16, with room for what was asked for.
 *
 * ## Threads
 *   A heap of one real worker, thrown away afterwards.
 *
 * @module
 */

import { attach, type Heap } from "../../../mod.ts";
import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import * as PoolRecord from "../../../src/layout/pool_record.ts";
import { type Domain, DOMAINS } from "../../helpers/heap_fixture.ts";
import type { Prng } from "../../helpers/prng.ts";
import { type Case, type Damage, damage } from "./damage.ts";
import { isTyped, untyped } from "./outcome.ts";
import { regionsOf } from "./regions.ts";
import { type Block, load, type Loaded } from "./shapes.ts";

/** What became of a case. */
export interface CallOutcome {
  /** The damage. */
  readonly done: Damage;
  /** What must not happen, one line for each. */
  readonly faults: string[];
  /** Calls that were made. Count. */
  readonly calls: number;
}

/** Calls of each case. Count. */
const CALLS = 60;

/** A case under way. */
interface Scene {
  readonly loaded: Loaded;
  readonly random: Prng;
  /** Blocks in or near the damaged page first. */
  readonly near: Block[];
  readonly faults: string[];
  /** First page of the heap that may be handed out, before the damage. */
  readonly firstPage: number;
  /** True if a wrong address is what the damage may lead to. */
  readonly isTrusted: boolean;
  heap: Heap;
  /** What is called, for the watchdog. */
  began(call: string): void;
}

/** The functions of a domain, for callers that do not know which. */
interface AnyDomain {
  malloc(nbytes: number): number;
  calloc(nelem: number, elsize: number): number;
  realloc(block: number, nbytes: number): number;
  free(block: number): void;
  sizeOf(block: number): number;
}

function domainOf(scene: Scene, domain: Domain): AnyDomain {
  return scene.heap[domain] as AnyDomain;
}

/** Page that a word belongs to, or -1. */
function pageOfWord(heap: Heap, word: number): number {
  const { m } = heap.core;
  if (word >= Layout.PAGE_MAP && word < Layout.POOLS) {
    return word - Layout.PAGE_MAP;
  }
  if (word >= Layout.POOLS && word < m.remotes) {
    return (word - Layout.POOLS) >> PoolRecord.SHIFT;
  }
  if (word >= m.remotes && word < m.remotes + 4 * m.pages) {
    return (word - m.remotes) >> 2;
  }
  return word >> 12;
}

/** True if a block is one of the heap's pages. */
function isInside(scene: Scene, block: number, nbytes: number): boolean {
  const start = scene.firstPage * Layout.PAGE_SIZE;
  return block >= start && block + nbytes <= scene.heap.buffer.byteLength;
}

/**
 * True for words that the fast path of malloc() takes on trust, as the head of
 * `src/sync/damage.ts` says: from a ring to its pool to its free block.
 */
function isTrusted({ region, records }: Damage): boolean {
  return records[0] >= 0 ||
    / FREEBLOCK$| NEXTPOOL$|block, link$| RINGS, |X_REMOTE$/.test(region);
}

/** Why an address makes no sense, or `""`. */
function faultOfAddress(scene: Scene, block: number, nbytes: number): string {
  if (scene.isTrusted) return "";
  if (!Number.isInteger(block)) return `returned ${block}`;
  if (!isInside(scene, block, nbytes)) {
    return `returned ${block}, which is outside the heap`;
  }
  return block % 16 === 0 ? "" : `returned ${block}, which is misaligned`;
}

/** Makes one call and notes what it should not have done. */
function attempt(scene: Scene, name: string, call: () => string): void {
  scene.began(name);
  let fault = "";
  try {
    fault = call();
  } catch (error) {
    if (!isTyped(error)) fault = untyped(error);
  }
  if (fault !== "") scene.faults.push(`${name} ${fault}`);
}

/** A live block, one near the damage if the dice say so. */
function pickBlock(scene: Scene): Block | undefined {
  const { random, near } = scene;
  const list = near.length > 0 && random.chance(70)
    ? near
    : scene.loaded.blocks;
  if (list.length === 0) return undefined;
  const block = random.pick(list);
  for (const each of [near, scene.loaded.blocks]) {
    const at = each.indexOf(block);
    if (at >= 0) each.splice(at, 1);
  }
  return block;
}

/** A size like that of a block near the damage, or any. Bytes. */
function pickSize({ random, near }: Scene): number {
  if (near.length > 0 && random.chance(60)) return random.pick(near).nbytes;
  return random.chance(80)
    ? random.below(513)
    : random.logarithmic(513, 200000);
}

function allocate(scene: Scene): void {
  const domain = scene.random.pick(DOMAINS);
  const nbytes = pickSize(scene);
  const isCalloc = scene.random.chance(25);
  const name = `${domain}.${isCalloc ? "calloc" : "malloc"}(${nbytes})`;
  attempt(scene, name, () => {
    const calls = domainOf(scene, domain);
    const at = isCalloc ? calls.calloc(1, nbytes) : calls.malloc(nbytes);
    const fault = faultOfAddress(scene, at, nbytes);
    if (fault === "" && isInside(scene, at, nbytes)) {
      scene.loaded.blocks.push({ at, domain, nbytes });
    }
    return fault;
  });
}

function resize(scene: Scene, { at, domain }: Block): void {
  const nbytes = pickSize(scene);
  attempt(scene, `${domain}.realloc(${at}, ${nbytes})`, () => {
    const moved = domainOf(scene, domain).realloc(at, nbytes);
    const fault = faultOfAddress(scene, moved, nbytes);
    if (fault === "" && isInside(scene, moved, nbytes)) {
      scene.loaded.blocks.push({ at: moved, domain, nbytes });
    }
    return fault;
  });
}

/** A call that takes a live block. */
function useBlock(scene: Scene): void {
  const block = pickBlock(scene);
  if (block === undefined) return;
  const { at, domain } = block;
  if (scene.random.chance(30)) {
    resize(scene, block);
  } else if (scene.random.chance(10)) {
    attempt(scene, `${domain}.sizeOf(${at})`, () => {
      const size = domainOf(scene, domain).sizeOf(at);
      const isSize = size >= 0 && size <= scene.heap.buffer.byteLength;
      return isSize ? "" : `returned ${size}`;
    });
  } else {
    attempt(scene, `${domain}.free(${at})`, () => {
      domainOf(scene, domain).free(at);
      return "";
    });
  }
}

/** Detaches, lets another thread state of this worker join and leave. */
function visit(scene: Scene): void {
  const { heap } = scene;
  attempt(scene, "detach()", () => (heap.threads.detach(), ""));
  let guest: Heap | undefined;
  attempt(scene, "attach(handle)", () => {
    guest = attach(heap.handle);
    return "";
  });
  if (guest !== undefined) {
    scene.heap = guest;
    allocate(scene);
    useBlock(scene);
    scene.heap = heap;
    attempt(scene, "guest close()", () => (guest?.close(), ""));
  }
  attempt(scene, "attach()", () => (heap.threads.attach(), ""));
}

/** The calls of the heap itself. */
function manage(scene: Scene): void {
  const { heap } = scene;
  switch (scene.random.below(6)) {
    case 0:
      return attempt(scene, "trim()", () => (heap.trim(), ""));
    case 1:
      return attempt(scene, "stats()", () => (heap.stats(), ""));
    case 2:
      return attempt(scene, "check()", () => (heap.check(), ""));
    case 3:
      return attempt(
        scene,
        "safePoint()",
        () => (heap.threads.safePoint(), ""),
      );
    default:
      return visit(scene);
  }
}

function play(scene: Scene): void {
  for (let call = 0; call < CALLS; call++) {
    const dice = scene.random.below(100);
    if (dice < 45) allocate(scene);
    else if (dice < 92) useBlock(scene);
    else manage(scene);
  }
  const { heap, loaded } = scene;
  attempt(scene, "last check()", () => (heap.check(), ""));
  attempt(scene, "close()", () => (heap.close(), ""));
  for (const guest of loaded.guests) {
    attempt(scene, "guest close()", () => (guest.close(), ""));
  }
}

/** Builds a heap, damages it, calls it. `began` hears of each call. */
export function callOne(
  each: Case,
  began: (call: string) => void = () => {},
): CallOutcome {
  const loaded = load(each.build, each.shape, each.seed);
  const { heap } = loaded;
  const { m } = heap.core;
  const firstPage = heap.i32[Header.FIRST_PAGE];
  const done = damage(m, regionsOf(m), each.random);
  const pages = [done.word, done.records[1]].map((word) =>
    pageOfWord(heap, word)
  );
  const near = loaded.blocks.filter(({ at }) =>
    pages.some((page) => Math.abs((at >>> Layout.PAGE_BITS) - page) <= 1)
  );
  const faults: string[] = [];
  let calls = 0;
  play({
    loaded,
    random: each.random,
    near,
    faults,
    firstPage,
    isTrusted: isTrusted(done),
    heap,
    began(call) {
      calls++;
      began(call);
    },
  });
  return { done, faults, calls };
}
