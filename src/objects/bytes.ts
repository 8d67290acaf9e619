/**
 * `bytes`. Those of no byte and of one are there from the start.
 *
 * ## Threads
 *   Bytes are written before anybody else knows of them, and then only read,
 *   but for the hash, which any thread may write, with the same value: a racy
 *   hint. A worker that stops in a maker leaks the object.
 *
 * Source: CPython 3.14 Objects/bytesobject.c.
 * Differs: blocks are whole words.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as BytesObject from "../layout/bytes_object.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import { type Address, Bytes as Copies } from "../memory/mod.ts";
import * as Hash from "./hash.ts";
import * as Kinds from "./kinds.ts";
import type { Objects, Slots } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as Text from "./text.ts";

const { OB_SIZE, OB_SHASH, OB_SVAL, SIZEOF } = BytesObject;
const { BYTES, CHAR_SIZE, EMPTY_BYTES } = StaticObjects;

/**
 * A bytes object. C: `PyBytes_FromStringAndSize()`.
 *
 * @param bytes Are copied.
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If `bytes` is no Uint8Array.
 */
export function fromUint8Array(o: Objects, bytes: Uint8Array): Address {
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot make bytes of ${show(bytes)}: it is no Uint8Array`,
    );
  }
  const size = bytes.length;
  if (size === 0) return o.statics + EMPTY_BYTES;
  if (size === 1) return o.statics + BYTES + bytes[0] * CHAR_SIZE;
  const words = SIZEOF + (size >>> 2) + 1;
  const op = o.new(o.typeOfKind(Kinds.BYTES), words * 4);
  if (op === 0) return 0;
  const at = o.fields(op);
  o.i32[at + OB_SIZE] = size;
  o.i32[at + OB_SHASH] = -1;
  o.i32[at + words - 1] = 0;
  Copies.write(o.m, (at + OB_SVAL) * 4, bytes);
  return op;
}

/** First byte. Byte address. C: `PyBytes_AS_STRING()`. */
function data(o: Objects, op: Address): Address {
  return (o.fields(op) + OB_SVAL) * 4;
}

/**
 * Length. Bytes. C: `PyBytes_Size()`.
 *
 * @throws {TypeError} If it is no bytes object.
 */
export function length(o: Objects, op: Address): number {
  o.requireKind(op, Kinds.BYTES, "read as bytes");
  return o.i32[o.fields(op) + OB_SIZE];
}

/**
 * A byte. C: `bytes_item()`.
 *
 * @throws {TypeError} If it is no bytes object.
 * @throws {RangeError} If there is none of that index.
 */
export function item(o: Objects, op: Address, index: number): number {
  Protocol.requireIndex(index, length(o, op), "bytes object");
  return Copies.byteAt(o.m, data(o, op) + index);
}

/**
 * A copy of the bytes. C: `PyBytes_AsStringAndSize()`.
 *
 * @throws {TypeError} If it is no bytes object.
 */
export function toUint8Array(
  o: Objects,
  op: Address,
): Uint8Array<ArrayBuffer> {
  return Copies.read(o.m, data(o, op), length(o, op));
}

function hash(o: Objects, op: Address): number {
  const at = o.fields(op) + OB_SHASH;
  const known = o.i32[at]; // racy hint
  if (known !== -1) return known;
  const found = Hash.ofBytes(o.m, data(o, op), length(o, op));
  o.i32[at] = found;
  return found;
}

function equals(o: Objects, op: Address, other: Address): boolean {
  if (op === other) return true;
  if (o.kindOf(other) !== Kinds.BYTES) return false;
  const size = length(o, op);
  return size === length(o, other) &&
    Copies.isEqual(o.m, data(o, op), data(o, other), size);
}

function compare(o: Objects, op: Address, other: Address): number {
  if (o.kindOf(other) !== Kinds.BYTES) Protocol.refuseOrder(o, op, other);
  const count = Math.min(length(o, op), length(o, other));
  for (let k = 0; k < count; k++) {
    const step = item(o, op, k) - item(o, other, k);
    if (step !== 0) return step;
  }
  return length(o, op) - length(o, other);
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc: (o, op) => o.free(op),
  sizeOf: (o, op) => (o.head + SIZEOF) * 4 + length(o, op) + 1,
  hash,
  equals,
  compare,
  repr: (o, op) => Text.bytesRepr(toUint8Array(o, op)),
};
