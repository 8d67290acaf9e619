/**
 * Tokens: references on their way to another worker.
 *
 * The heap holds the reference until somebody has received it. A token that was
 * lost, or whose sharer has ended, is received as any other; what nobody will
 * ever receive is taken back by `heap.unshareAll()`.
 *
 * ## Threads
 *   As `objects/sharing/shares.ts`. A worker that stops while it shares or
 *   receives loses that one reference.
 *
 * @module
 */

import { HandleError } from "../errors.ts";
import * as Header from "../layout/header.ts";
import * as ShareTable from "../layout/share_table.ts";
import type { Address } from "../memory/mod.ts";
import { Protocol, Shares } from "../objects/mod.ts";
import { Sections } from "../threads/mod.ts";
import { operand } from "./handle.ts";
import type { PyObject } from "./object.ts";
import type { Space } from "./space.ts";

const SHARE = "share an object";
/** Characters of a text in a list of shares. Count. */
const TEXT_MAX = 200;

/** Stands for a reference in a message. Made by `heap.share()`. */
export interface ShareToken {
  /** Always `"share"`. */
  readonly obmalloc: "share";
  /** Which heap. */
  readonly heap: string;
  /** Where the reference is. Number of an entry. */
  readonly entry: number;
  /** Which of those that were there. */
  readonly generation: number;
}

/** A reference that nobody has received yet. */
export interface Share {
  /** What it is received with. */
  readonly token: ShareToken;
  /** `heap.threads.id` of who has shared it. */
  readonly worker: number;
  /** True if that worker has left the heap, or is dead. */
  readonly isGone: boolean;
  /** How long ago that was. Milliseconds. */
  readonly ageMs: number;
  /** Name of the object's type in Python. */
  readonly typeName: string;
  /** What Python prints for the object, shortened. */
  readonly text: string;
}

/** Which references to take back. */
export interface UnshareOptions {
  /** Only those that are at least so old. */
  readonly olderThanMs?: number;
  /** Only those of one worker: its `heap.threads.id`. */
  readonly of?: number;
}

/** What tells heaps apart. */
function idOf({ o }: Space): string {
  return `${o.i32[Header.HEAP_ID]}:${o.i32[Header.HEAP_ID + 1]}`;
}

/** Where the next entry is looked for, by space. */
const hints = new WeakMap<Space, number>();

/** Makes room for more. Returns false if no memory is left. */
function grow({ o }: Space): boolean {
  const { core, m } = o;
  const count = Shares.nextCapacity(m);
  const block = core.raw.calloc(1, Shares.bytesOf(count));
  if (block === 0) return false;
  if (!Shares.add(m, block, count)) core.raw.free(block);
  return true;
}

/** Claims an entry. Returns its number. */
function claim(space: Space): number {
  const { m } = space.o;
  while (true) {
    const index = Shares.claim(m, hints.get(space) ?? 0);
    if (index >= 0) {
      hints.set(space, index + 1);
      return index;
    }
    if (!grow(space)) space.again(SHARE, () => grow(space));
  }
}

/** Puts a reference to the object of a handle on its way. */
export function share(space: Space, handle: unknown): ShareToken {
  const { o } = space;
  const op = operand(space, handle, SHARE);
  const index = claim(space);
  const entry = Shares.entryAt(o.m, index);
  const generation = Shares.generationOf(o.m, entry);
  o.incref(op);
  Shares.fill(o.m, entry, op, o.m.clock.now());
  return { obmalloc: "share", heap: idOf(space), entry: index, generation };
}

function refuse(attempt: string, why: string): never {
  throw new HandleError(`Cannot ${attempt}: ${why}`);
}

/** The entry and the generation of a token, if it can be one of this heap. */
function requireToken(
  space: Space,
  token: unknown,
  attempt: string,
): { at: number; generation: number } {
  const it = Object(token) as Partial<ShareToken>;
  if (it.obmalloc !== "share") {
    refuse(attempt, "the argument is no token of heap.share()");
  }
  if (it.heap !== idOf(space)) refuse(attempt, "the token is of another heap");
  const { entry, generation } = it;
  const isSound = typeof entry === "number" && entry >>> 0 === entry &&
    typeof generation === "number" && (generation | 0) === generation &&
    (generation & ShareTable.HELD) === 0;
  const at = isSound ? Shares.entryAt(space.o.m, entry) : 0;
  if (at === 0) refuse(attempt, "no such token was made");
  return { at, generation: generation ?? 0 };
}

/** Takes the reference of a token; it is the caller's. */
function take(space: Space, token: unknown, attempt: string): Address {
  const { m } = space.o;
  const { at, generation } = requireToken(space, token, attempt);
  const op = Shares.take(m, at, generation);
  if (op !== 0) return op;
  const isPast = ((Shares.generationOf(m, at) - generation) | 0) > 0;
  return refuse(
    attempt,
    isPast
      ? "the token was received or taken back already"
      : "no such token was made",
  );
}

/** A handle of what a token stands for. */
export function receive(space: Space, token: unknown): PyObject {
  return space.wrap(take(space, token, "receive an object"));
}

/** Takes back what a token stands for. */
export function unshare(space: Space, token: unknown): void {
  space.o.decref(take(space, token, "take an object back"));
}

/** Visits the entries that hold a reference. */
function eachHeld(
  { o }: Space,
  visit: (index: number, entry: number, generation: number) => void,
): void {
  const { m } = o;
  const count = Shares.capacity(m);
  for (let index = 0; index < count; index++) {
    const entry = Shares.entryAt(m, index);
    const generation = Shares.generationOf(m, entry);
    if (Shares.isHeld(m, entry, generation)) visit(index, entry, generation);
  }
}

/** A share, and a reference to its object. */
interface Found {
  readonly op: Address;
  readonly share: Omit<Share, "typeName" | "text">;
}

/** What nobody has received. The world is stopped meanwhile. */
export function held(space: Space): Found[] {
  const { o } = space;
  const { m } = o;
  const heap = idOf(space);
  const now = m.clock.now();
  const found: Found[] = [];
  eachHeld(space, (index, entry, generation) => {
    const op = Shares.objectOf(m, entry);
    o.incref(op);
    const worker = Shares.ownerOf(m, entry);
    const share = {
      token: { obmalloc: "share", heap, entry: index, generation } as const,
      worker,
      isGone: Sections.isGone(m, worker),
      ageMs: Math.max(now - Shares.timeOf(m, entry), 0),
    };
    found.push({ op, share });
  });
  return found;
}

/** Says what was found, and drops its references. */
export function describe(space: Space, found: readonly Found[]): Share[] {
  const { o } = space;
  return found.map(({ op, share }) => {
    const typeName = o.nameOf(o.typeOf(op));
    const text = textOf(space, op);
    o.decref(op);
    return { ...share, typeName, text };
  });
}

function textOf({ o }: Space, op: Address): string {
  try {
    const text = Protocol.repr(o, op);
    return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  } catch {
    return `<${o.nameOf(o.typeOf(op))} object>`;
  }
}

/** Takes back what was shared. Returns how many references. */
export function unshareAll(space: Space, options: UnshareOptions): number {
  const { olderThanMs = 0, of } = options;
  const { o } = space;
  const { m } = o;
  const until = m.clock.now() - olderThanMs;
  let count = 0;
  eachHeld(space, (_, entry, generation) => {
    const isMeant = of === undefined || Shares.ownerOf(m, entry) === of;
    if (!isMeant || Shares.timeOf(m, entry) > until) return;
    const op = Shares.take(m, entry, generation);
    if (op === 0) return;
    o.decref(op);
    count++;
  });
  return count;
}
