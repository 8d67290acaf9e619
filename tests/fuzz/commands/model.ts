/**
 * What a heap must do, as a model that has no heap: which blocks are live,
 * which state the thread state is in, what the error indicator says.
 *
 * The commands of both faces are made for it; `real` is the heap as a face
 * shows it. A command says what must happen, makes the call, and compares.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type fc from "npm:fast-check@4";
import type { Domain } from "../../helpers/heap_fixture.ts";

/** A live block. */
export interface Block {
  /** Byte address. */
  readonly at: number;
  /** What was asked for. Bytes. */
  readonly nbytes: number;
  /** Where it came from. */
  readonly domain: Domain;
  /** Byte that all of it holds. */
  readonly paint: number;
}

/** What must be true of the heap. */
export class Model {
  /** Live blocks, in the order of their allocation. */
  readonly blocks: Block[] = [];
  /** True while the thread state is attached. */
  isAttached = true;
  /** C face: true if the error indicator is set. */
  isRaised = false;
  /** Blocks ever painted. Count. */
  painted = 0;
}

/** A heap as one of the faces shows it; errors are thrown by both. */
export interface Real {
  /** `malloc` of a domain; 0 or an error where there is no memory. */
  malloc(domain: Domain, nbytes: number): number;
  /** `calloc` of a domain. */
  calloc(domain: Domain, nelem: number, elsize: number): number;
  /** `realloc` of a domain. */
  realloc(domain: Domain, block: number, nbytes: number): number;
  /** `free` of a domain. */
  free(domain: Domain, block: number): void;
  /** Attaches the thread state. */
  attach(): void;
  /** Detaches it. */
  detach(): void;
  /** C face: true if the error indicator is set. */
  raised?(): boolean;
  /** C face: sets the error indicator. */
  raise?(): void;
  /** C face: clears the error indicator. */
  clear?(): void;
  /** What the checker finds, and live blocks. */
  check(): { findings: readonly string[]; blocks: readonly number[] };
  /** The heap's bytes. */
  readonly u8: Uint8Array<SharedArrayBuffer>;
}

/** A command of either face. */
export type Command = fc.Command<Model, Real>;

const ORDER: readonly Domain[] = ["raw", "mem", "obj"];

/** Name of what a call throws, or `""`. */
function thrownBy(call: () => void): string {
  try {
    call();
    return "";
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

/** True if a domain may be called now. */
function isOpen(model: Model, domain: Domain): boolean {
  return domain === "raw" || model.isAttached;
}

function paint(real: Real, block: Block): void {
  real.u8.fill(block.paint, block.at, block.at + block.nbytes);
}

function assertPainted(real: Real, block: Block, nbytes: number): void {
  for (let k = 0; k < nbytes; k++) {
    if (real.u8[block.at + k] !== block.paint) {
      assertEquals(real.u8[block.at + k], block.paint, `byte ${k}`);
    }
  }
}

/** A new block: aligned, apart from all others, then painted. */
function keep(
  model: Model,
  real: Real,
  domain: Domain,
  at: number,
  nbytes: number,
): void {
  assert(at > 0 && at % 16 === 0, `address ${at}`);
  for (const other of model.blocks) {
    const apart = at + Math.max(nbytes, 1) <= other.at ||
      other.at + Math.max(other.nbytes, 1) <= at;
    assert(apart, `${at} overlaps ${other.at}`);
  }
  const block = { at, nbytes, domain, paint: ++model.painted & 255 };
  model.blocks.push(block);
  paint(real, block);
}

/** `malloc` or `calloc`. */
export class Allocate implements Command {
  readonly domain: Domain;
  readonly nbytes: number;
  readonly isZeroed: boolean;

  /** A request. */
  constructor(domain: Domain, nbytes: number, isZeroed: boolean) {
    this.domain = domain;
    this.nbytes = nbytes;
    this.isZeroed = isZeroed;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    const { domain, nbytes } = this;
    let at = 0;
    const thrown = thrownBy(() => {
      at = this.isZeroed
        ? real.calloc(domain, 1, nbytes)
        : real.malloc(domain, nbytes);
    });
    const expected = isOpen(model, domain) ? "" : "ThreadStateError";
    assertEquals(thrown, expected);
    if (thrown !== "") return;
    if (this.isZeroed) {
      for (let k = 0; k < nbytes; k++) assertEquals(real.u8[at + k], 0);
    }
    keep(model, real, domain, at, nbytes);
  }
  toString(): string {
    return `${
      this.isZeroed ? "calloc" : "malloc"
    }(${this.domain}, ${this.nbytes})`;
  }
}

/** A request for more than there is, or for no size: an error, or NULL. */
export class TooMuch implements Command {
  readonly domain: Domain;
  readonly nbytes: number;

  /** A request. */
  constructor(domain: Domain, nbytes: number) {
    this.domain = domain;
    this.nbytes = nbytes;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    let at = 0;
    const thrown = thrownBy(() => {
      at = real.malloc(this.domain, this.nbytes);
    });
    if (!isOpen(model, this.domain)) {
      assertEquals(thrown, "ThreadStateError");
    } else if (real.raised === undefined) {
      const isSize = Number.isSafeInteger(this.nbytes) && this.nbytes >= 0;
      assertEquals(thrown, isSize ? "MemoryError" : "RangeError");
    } else {
      assertEquals([thrown, at], ["", 0]);
    }
  }
  toString(): string {
    return `malloc(${this.domain}, ${this.nbytes})`;
  }
}

/** `free` of a live block. */
export class Free implements Command {
  readonly index: number;

  /** A block by its place in the list. */
  constructor(index: number) {
    this.index = index;
  }
  check(model: Readonly<Model>): boolean {
    return model.blocks.length > 0;
  }
  run(model: Model, real: Real): void {
    const block = model.blocks[this.index % model.blocks.length];
    assertPainted(real, block, block.nbytes);
    const thrown = thrownBy(() => real.free(block.domain, block.at));
    if (!isOpen(model, block.domain)) {
      assertEquals(thrown, "ThreadStateError");
      return;
    }
    assertEquals(thrown, "");
    model.blocks.splice(model.blocks.indexOf(block), 1);
  }
  toString(): string {
    return `free(#${this.index})`;
  }
}

/** `free` of a live block in another domain: refused. */
export class FreeWrong implements Command {
  readonly index: number;
  readonly off: number;

  /** A block by its place in the list, and how many domains it is off. */
  constructor(index: number, off: number) {
    this.index = index;
    this.off = off;
  }
  check(model: Readonly<Model>): boolean {
    return model.blocks.length > 0;
  }
  run(model: Model, real: Real): void {
    const block = model.blocks[this.index % model.blocks.length];
    const domain = ORDER[(ORDER.indexOf(block.domain) + this.off) % 3];
    const thrown = thrownBy(() => real.free(domain, block.at));
    const expected = isOpen(model, domain)
      ? "PointerError"
      : "ThreadStateError";
    assertEquals(thrown, expected);
  }
  toString(): string {
    return `free in a wrong domain(#${this.index} + ${this.off})`;
  }
}

/** `realloc` of a live block. */
export class Resize implements Command {
  readonly index: number;
  readonly nbytes: number;

  /** A block by its place in the list. */
  constructor(index: number, nbytes: number) {
    this.index = index;
    this.nbytes = nbytes;
  }
  check(model: Readonly<Model>): boolean {
    return model.blocks.length > 0;
  }
  run(model: Model, real: Real): void {
    const block = model.blocks[this.index % model.blocks.length];
    let at = 0;
    const thrown = thrownBy(() => {
      at = real.realloc(block.domain, block.at, this.nbytes);
    });
    if (!isOpen(model, block.domain)) {
      assertEquals(thrown, "ThreadStateError");
      return;
    }
    assertEquals(thrown, "");
    assertPainted(
      real,
      { ...block, at },
      Math.min(block.nbytes, this.nbytes),
    );
    model.blocks.splice(model.blocks.indexOf(block), 1);
    keep(model, real, block.domain, at, this.nbytes);
  }
  toString(): string {
    return `realloc(#${this.index}, ${this.nbytes})`;
  }
}

/** A number that is no block of anybody: refused. */
export class Stray implements Command {
  readonly domain: Domain;
  readonly at: number;

  /** A number. */
  constructor(domain: Domain, at: number) {
    this.domain = domain;
    this.at = at;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    const thrown = thrownBy(() => real.free(this.domain, this.at));
    const refused = isOpen(model, this.domain)
      ? "PointerError"
      : "ThreadStateError";
    assertEquals(thrown, this.at === 0 ? "" : refused);
  }
  toString(): string {
    return `free(${this.domain}, ${this.at})`;
  }
}

/** Attaches or detaches; the second time in a row is refused. */
export class Move implements Command {
  readonly isAttach: boolean;

  /** True to attach. */
  constructor(isAttach: boolean) {
    this.isAttach = isAttach;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    const thrown = thrownBy(() =>
      this.isAttach ? real.attach() : real.detach()
    );
    const isRefused = model.isAttached === this.isAttach;
    assertEquals(thrown, isRefused ? "ThreadStateError" : "");
    model.isAttached = this.isAttach;
  }
  toString(): string {
    return this.isAttach ? "attach()" : "detach()";
  }
}

/** The checker finds nothing and counts what the model counts. */
export class Check implements Command {
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    if (!model.isAttached) {
      assertEquals(thrownBy(() => real.check()), "ThreadStateError");
      return;
    }
    const { findings, blocks } = real.check();
    assertEquals(findings, []);
    assertEquals(
      blocks,
      ORDER.map((domain) =>
        model.blocks.filter((block) => block.domain === domain).length
      ),
    );
  }
  toString(): string {
    return "check()";
  }
}

/** C face: sets, reads or clears the error indicator. */
export class Indicator implements Command {
  readonly act: "raise" | "look" | "clear";

  /** What to do with it. */
  constructor(act: "raise" | "look" | "clear") {
    this.act = act;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    if (real.raised === undefined) return;
    const thrown = thrownBy(() => {
      if (this.act === "raise") real.raise?.();
      else if (this.act === "clear") real.clear?.();
      else assertEquals(real.raised?.(), model.isRaised);
    });
    assertEquals(thrown, model.isAttached ? "" : "ThreadStateError");
    if (model.isAttached && this.act !== "look") {
      model.isRaised = this.act === "raise";
    }
  }

  toString(): string {
    return `PyErr: ${this.act}`;
  }
}
