/**
 * Types that a program defines: fields, some of which hold references.
 *
 * The type object is shared: who defines a type of a name that another worker
 * has defined gets the same one. From the offsets of the references in it each
 * worker visits and drops them. Finalizers are functions, which cannot be
 * shared: each worker brings its own, and one that has none for a type leaves
 * garbage of that type to the others.
 *
 * ## Invariants
 *   Y1  no two types of the list X_TYPES have the same name
 *   Y2  a type object is complete before the list has it, and never changes
 *
 * ## Threads
 *   X_TYPES is atomic: a type is pushed by compare-and-exchange, by who has
 *   looked through all types behind the one that it expects there. A worker
 *   that stops before leaks its type object. Fields of objects are plain: who
 *   changes those of an object that others know of locks them out.
 *
 * Source: CPython 3.14 Objects/typeobject.c: PyType_FromSpec(),
 * PyType_GenericAlloc(), subtype_dealloc(), subtype_traverse(),
 * subtype_clear().
 * Differs: there are no subtypes. Types never die, and their objects have no
 * references to them: workers know types by address, and could not be told.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as ObjectsWords from "../layout/objects.ts";
import * as TypeObject from "../layout/type_object.ts";
import { type Address, Bytes } from "../memory/mod.ts";
import * as Finalizers from "./finalizers.ts";
import * as Hash from "./hash.ts";
import * as Kinds from "./kinds.ts";
import type { Objects, Slots, Visit } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as Tracking from "./tracking.ts";
import * as Weakref from "./weakref.ts";

/** Word that names the type that was defined last. */
const TYPES = Layout.OBJECTS + ObjectsWords.X_TYPES;
const { TP_NAME, TP_NAMELEN, TP_BASICSIZE, TP_FLAGS } = TypeObject;
const { TP_ITEMSIZE, ITEM_REFS } = TypeObject;
const { TP_NEXT, TP_NREFS, TP_REFS, TP_WEAKLISTOFFSET } = TypeObject;
/** Most words of fields of a type. Count. */
const FIELDS_MAX = 4096;

/** What objects of a type look like. */
export interface Shape {
  /**
   * Fields behind the header. Words. With items the first one is their number,
   * which {@linkcode create} sets. C: `ob_size`.
   */
  readonly fields: number;
  /**
   * Size of an item, of which each object has its own number behind the fields;
   * 0 if absent: no items. Bytes, a multiple of 4. C: `tp_itemsize`.
   */
  readonly itemsize?: number;
  /** True if the items are references; then they have 4 bytes. */
  readonly itemRefs?: boolean;
  /** Which of them hold references, in rising order. Words behind the header. */
  readonly refs?: readonly number[];
  /** False if objects can be in no cycle; true if absent. */
  readonly isGc?: boolean;
  /** True if objects can have weak references: one word more. */
  readonly weakrefs?: boolean;
  /**
   * Runs once before an object dies, with a reference to it; it may give
   * another reference to somebody, and the object lives on. C: `tp_finalize`.
   */
  readonly finalize?: Finalizers.Finalize;
}

/** A shape in numbers. */
interface Numbers {
  readonly basicsize: number;
  readonly itemsize: number;
  readonly flags: number;
  /** Words from the start of the object, or 0. */
  readonly weaklist: number;
  readonly refs: readonly number[];
}

/** Refuses a shape that no object can have. */
function requireShape(name: string, shape: Shape): void {
  const { fields, refs = [] } = shape;
  const isSize = Number.isInteger(fields) && fields >= 0 &&
    fields <= FIELDS_MAX;
  if (name === "" || !isSize) {
    throw new RangeError(
      `Cannot define the type ${show(name)} with ${fields} fields: it needs ` +
        `a name, and from 0 to ${FIELDS_MAX} fields`,
    );
  }
  requireItems(name, shape);
  let last = hasItems(shape) ? 0 : -1;
  for (const ref of refs) {
    if (Number.isInteger(ref) && ref > last && ref < fields) last = ref;
    else {
      throw new RangeError(
        `Cannot define the type ${show(name)}: ${ref} is no field, or no ` +
          "field above the last one",
      );
    }
  }
}

/** True if objects of a shape have items. */
function hasItems({ itemsize = 0 }: Shape): boolean {
  return itemsize !== 0;
}

/** Refuses items that no object can have. */
function requireItems(name: string, shape: Shape): void {
  const { fields, itemsize = 0, itemRefs = false } = shape;
  const isSize = Number.isInteger(itemsize) && itemsize >= 0 &&
    itemsize % 4 === 0 && itemsize <= FIELDS_MAX * 4;
  const fits = itemRefs ? itemsize === 4 : isSize;
  if (fits && (itemsize === 0 || fields >= 1)) return;
  throw new RangeError(
    `Cannot define the type ${show(name)} with items of ${itemsize} bytes ` +
      `behind ${fields} fields: it needs a field for their number, and ` +
      (itemRefs ? "4 bytes for a reference" : "a multiple of 4"),
  );
}

function numbersOf(o: Objects, name: string, shape: Shape): Numbers {
  requireShape(name, shape);
  const { fields, refs = [], isGc = true, weakrefs, finalize } = shape;
  const { itemsize = 0, itemRefs } = shape;
  const flags = TypeObject.HEAPTYPE | (isGc ? TypeObject.HAVE_GC : 0) |
    (itemRefs ? TypeObject.ITEM_REFS : 0) |
    (finalize === undefined ? 0 : TypeObject.HAS_FINALIZE);
  // The hidden word stands behind the fields.
  const size = o.head + fields;
  return {
    basicsize: (weakrefs ? size + 1 : size) * 4,
    itemsize,
    flags,
    weaklist: weakrefs ? size : 0,
    refs,
  };
}

/** The type of a name, or 0. */
export function find(o: Objects, name: string): Address {
  let type = Atomics.load(o.i32, TYPES) >>> 0;
  while (type !== 0 && o.nameOf(type) !== name) {
    type = o.i32[o.fields(type) + TP_NEXT] >>> 0;
  }
  return type;
}

/** True if a type object has a shape. */
function hasShape(o: Objects, type: Address, shape: Numbers): boolean {
  const { i32 } = o;
  const at = o.fields(type);
  return i32[at + TP_BASICSIZE] === shape.basicsize &&
    i32[at + TP_ITEMSIZE] === shape.itemsize &&
    i32[at + TP_FLAGS] === shape.flags &&
    i32[at + TP_WEAKLISTOFFSET] === shape.weaklist &&
    i32[at + TP_NREFS] === shape.refs.length &&
    shape.refs.every((ref, k) => i32[at + TP_REFS + k] === ref);
}

/** A type object that nobody else knows of, or 0. */
function make(o: Objects, name: string, shape: Numbers): Address {
  const { i32, core, m } = o;
  const text = new TextEncoder().encode(name);
  const words = o.head + TypeObject.SIZEOF + shape.refs.length;
  const type = core.raw.calloc(1, words * 4 + text.length);
  if (type === 0) return 0;
  o.init(type, o.typeOfKind(Kinds.TYPE));
  o.setImmortal(type);
  const at = o.fields(type);
  Bytes.write(m, type + words * 4, text);
  i32[at + TP_NAME] = (type + words * 4) | 0;
  i32[at + TP_NAMELEN] = text.length;
  i32[at + TP_BASICSIZE] = shape.basicsize;
  i32[at + TP_ITEMSIZE] = shape.itemsize;
  i32[at + TP_FLAGS] = shape.flags;
  i32[at + TP_WEAKLISTOFFSET] = shape.weaklist;
  i32[at + TypeObject.TP_KIND] = Kinds.USER;
  i32[at + TP_NREFS] = shape.refs.length;
  shape.refs.forEach((ref, k) => i32[at + TP_REFS + k] = ref);
  return type;
}

/** The type of a name and a shape, made if there is none; or 0. */
function findOrPush(o: Objects, name: string, shape: Numbers): Address {
  const { i32, core } = o;
  let mine = 0;
  while (true) {
    const first = Atomics.load(i32, TYPES);
    const found = find(o, name);
    if (found !== 0) {
      if (mine !== 0) core.raw.free(mine as never);
      return found;
    }
    mine ||= make(o, name, shape);
    if (mine === 0) return 0;
    i32[o.fields(mine) + TP_NEXT] = first;
    if (Atomics.compareExchange(i32, TYPES, first, mine | 0) === first) { // COMMIT
      return mine;
    }
  }
}

/**
 * Defines a type, or finds the one that another worker has defined.
 * C: `PyType_FromSpec()`.
 *
 * @param name Its name; there is one type of a name in a heap.
 * @param shape What its objects look like.
 * @returns The type object, which is immortal, or 0 if no memory is left.
 * @throws {RangeError} If there can be no such objects.
 * @throws {TypeError} If the type of that name has another shape.
 */
export function define(o: Objects, name: string, shape: Shape): Address {
  const numbers = numbersOf(o, name, shape);
  const type = findOrPush(o, name, numbers);
  if (type === 0) return 0;
  if (!hasShape(o, type, numbers)) {
    throw new TypeError(
      `Cannot define the type ${show(name)}: the type of that name has ` +
        "another shape",
    );
  }
  if (shape.finalize !== undefined) o.finalizers[type] = shape.finalize;
  return type;
}

/** Refuses a number of items that no object of a type can have. */
function requireCount(o: Objects, type: Address, nitems: number): void {
  const itemsize = o.i32[o.fields(type) + TP_ITEMSIZE];
  if (nitems === 0) return;
  const isCount = Number.isSafeInteger(nitems) && nitems > 0;
  if (isCount && itemsize !== 0) return;
  throw new RangeError(
    `Cannot make an object of type ${o.nameOf(type)} with ${nitems} items: ` +
      (itemsize === 0 ? "the type has none" : "it is no count"),
  );
}

/**
 * A new object whose fields and items are 0; the collector looks after it if its
 * type is for that. C: `PyType_GenericAlloc()`.
 *
 * @param type What {@linkcode define} returned.
 * @param nitems Items. Count.
 * @returns Byte address, or 0 if no memory is left.
 * @throws {RangeError} If that is no count, or the type has no items.
 */
export function create(o: Objects, type: Address, nitems = 0): Address {
  const { i32 } = o;
  requireCount(o, type, nitems);
  const at = o.fields(type);
  const itemsize = i32[at + TP_ITEMSIZE];
  const nbytes = i32[at + TP_BASICSIZE] - o.head * 4 + nitems * itemsize;
  const isGc = (i32[at + TP_FLAGS] & TypeObject.HAVE_GC) !== 0;
  const op = isGc ? o.newGc(type, nbytes) : o.new(type, nbytes);
  if (op === 0) return 0;
  const from = o.fields(op);
  for (let k = 0; k < nbytes >> 2; k++) i32[from + k] = 0;
  if (itemsize !== 0) i32[from] = nitems;
  if (isGc) Tracking.track(o, op);
  return op;
}

/**
 * Items of an object. Count. C: `Py_SIZE()`.
 *
 * @returns 0 if objects of its type have none.
 */
export function length(o: Objects, op: Address): number {
  const { i32 } = o;
  const hasSize = i32[o.fields(o.typeOf(op)) + TP_ITEMSIZE] !== 0;
  return hasSize ? i32[o.fields(op)] : 0;
}

/** First item of an object. Word index. */
function firstItem(o: Objects, op: Address): number {
  return (op + o.i32[o.fields(o.typeOf(op)) + TP_BASICSIZE]) >>> 2;
}

/**
 * Where an item of an object stands.
 *
 * @returns Byte address.
 * @throws {RangeError} If there is none of that index.
 */
export function itemAt(o: Objects, op: Address, index: number): Address {
  Protocol.requireIndex(index, length(o, op), o.nameOf(o.typeOf(op)));
  const itemsize = o.i32[o.fields(o.typeOf(op)) + TP_ITEMSIZE];
  return firstItem(o, op) * 4 + index * itemsize;
}

/** Word of an item that is a reference. */
function requireItemRef(o: Objects, op: Address, index: number): number {
  const flags = o.i32[o.fields(o.typeOf(op)) + TP_FLAGS];
  const at = itemAt(o, op, index) >>> 2;
  if ((flags & ITEM_REFS) !== 0) return at;
  throw new RangeError(
    `Cannot use item ${index} of ${show(op)} as a reference: ` +
      `${o.describe(op)}, whose items are none`,
  );
}

/**
 * Has an item refer to another object, as {@linkcode setRef} a field.
 *
 * @throws {RangeError} If there is no such item, or items are no references.
 */
export function setItem(
  o: Objects,
  op: Address,
  index: number,
  value: Address,
): void {
  replaceRef(o, requireItemRef(o, op, index), value);
}

/**
 * What an item refers to; its reference is still the item's.
 *
 * @returns Byte address, or 0.
 * @throws {RangeError} If there is no such item, or items are no references.
 */
export function item(o: Objects, op: Address, index: number): Address {
  return o.i32[requireItemRef(o, op, index)] >>> 0;
}

/** Word of a field that holds a reference. */
function requireRef(o: Objects, op: Address, ref: number): number {
  const { i32 } = o;
  const at = o.fields(o.typeOf(op));
  for (let k = 0; k < i32[at + TP_NREFS]; k++) {
    if (i32[at + TP_REFS + k] === ref) return o.fields(op) + ref;
  }
  throw new RangeError(
    `Cannot use field ${ref} of ${show(op)} as a reference: ` +
      `${o.describe(op)}, and holds none there`,
  );
}

/**
 * Has a field refer to another object, which gets one more reference; what it
 * has referred to gets one less.
 *
 * @param ref Field. Words behind the header.
 * @param value Object, or 0.
 * @throws {RangeError} If the field holds no reference.
 */
export function setRef(
  o: Objects,
  op: Address,
  ref: number,
  value: Address,
): void {
  replaceRef(o, requireRef(o, op, ref), value);
}

/** Puts a reference into a word, and drops what was there. */
function replaceRef(o: Objects, at: number, value: Address): void {
  const before = o.i32[at] >>> 0;
  if (value !== 0) o.incref(value);
  o.i32[at] = value | 0;
  if (before !== 0) o.decref(before);
}

/**
 * What a field refers to; its reference is still the field's.
 *
 * @returns Byte address, or 0.
 * @throws {RangeError} If the field holds no reference.
 */
export function ref(o: Objects, op: Address, ref: number): Address {
  return o.i32[requireRef(o, op, ref)] >>> 0;
}

/** Drops all references, and frees the object. C: subtype_dealloc(). */
function dealloc(o: Objects, op: Address): void {
  const flags = o.i32[o.fields(o.typeOf(op)) + TP_FLAGS];
  const isFinal = (flags & TypeObject.HAS_FINALIZE) !== 0;
  if (isFinal && Finalizers.callFromDealloc(o, op)) return;
  Tracking.untrack(o, op);
  Weakref.clearAll(o, op);
  clear(o, op);
  if ((flags & TypeObject.HAVE_GC) !== 0) o.freeGc(op);
  else o.free(op);
}

function traverse(o: Objects, op: Address, visit: Visit): void {
  const { i32 } = o;
  const type = o.fields(o.typeOf(op));
  const from = o.fields(op);
  const end = type + TP_REFS + i32[type + TP_NREFS];
  for (let at = type + TP_REFS; at < end; at++) {
    const value = i32[from + i32[at]] >>> 0;
    if (value !== 0) visit(value);
  }
  const first = firstItem(o, op);
  for (let k = itemRefsOf(o, op) - 1; k >= 0; k--) {
    if (i32[first + k] !== 0) visit(i32[first + k] >>> 0);
  }
}

/** Items of an object that are references. Count. */
function itemRefsOf(o: Objects, op: Address): number {
  const flags = o.i32[o.fields(o.typeOf(op)) + TP_FLAGS];
  return (flags & ITEM_REFS) !== 0 ? o.i32[o.fields(op)] : 0;
}

/** Drops what a word refers to. */
function clearRef(o: Objects, at: number): void {
  const value = o.i32[at] >>> 0;
  o.i32[at] = 0;
  if (value !== 0) o.decref(value);
}

function clear(o: Objects, op: Address): void {
  const { i32 } = o;
  const type = o.fields(o.typeOf(op));
  const from = o.fields(op);
  const count = i32[type + TP_NREFS];
  for (let k = 0; k < count; k++) clearRef(o, from + i32[type + TP_REFS + k]);
  const first = firstItem(o, op);
  for (let k = itemRefsOf(o, op) - 1; k >= 0; k--) clearRef(o, first + k);
}

/** Functions of all types of programs. */
export const SLOTS: Slots = {
  dealloc,
  traverse,
  clear,
  sizeOf(o, op) {
    const at = o.fields(o.typeOf(op));
    return o.i32[at + TP_BASICSIZE] + length(o, op) * o.i32[at + TP_ITEMSIZE];
  },
  // As objects that equal themselves only. C: object's own tp_hash.
  hash: (_, op) => Hash.ofPointer(op),
  repr: (o, op) => `<${o.nameOf(o.typeOf(op))} object at ${show(op)}>`,
};
