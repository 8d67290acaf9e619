/**
 * Makes the objects that are there from the start.
 *
 * The first worker that has to do with objects makes them; a heap in which
 * nobody has keeps no memory for them.
 *
 * ## Invariants
 *   S1  X_STATICS is 0 or names a block that is complete
 *
 * ## Threads
 *   The block is its maker's until the exchange that publishes it. Who loses
 *   that frees its own. A worker that stops before leaks the block.
 *
 * Source: CPython 3.14 Objects/object.c: _PyTypes_InitTypes();
 * Python/pylifecycle.c: pycore_init_global_objects().
 *
 * @module
 */

import * as BytesObject from "../layout/bytes_object.ts";
import * as Layout from "../layout/memory_map.ts";
import * as LongObject from "../layout/long_object.ts";
import * as ObjectsWords from "../layout/objects.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import * as TypeObject from "../layout/type_object.ts";
import * as UnicodeObject from "../layout/unicode_object.ts";
import { type Address, Bytes } from "../memory/mod.ts";
import { BUILTIN_TYPES, type BuiltinType } from "./builtin_types.ts";
import * as Kinds from "./kinds.ts";
import type { Objects } from "./objects.ts";

const WORD = Layout.OBJECTS + ObjectsWords.X_STATICS;
const { INT_MIN, INT_MAX, INT_SIZE, CHAR_SIZE } = StaticObjects;

/** An immortal object at an offset of the block. Returns its first field. */
function immortal(o: Objects, offset: number, kind: number): number {
  const op = o.statics + offset;
  o.init(op, o.typeOfKind(kind));
  o.setImmortal(op);
  return o.fields(op);
}

function writeType(o: Objects, type: BuiltinType): void {
  const { i32, m } = o;
  const name = new TextEncoder().encode(type.name);
  const text = o.statics + StaticObjects.NAMES +
    type.kind * StaticObjects.NAME_SIZE;
  const at = immortal(o, type.kind * StaticObjects.TYPE_SIZE, Kinds.TYPE);
  Bytes.write(m, text, name);
  i32[at + TypeObject.TP_NAME] = text | 0;
  i32[at + TypeObject.TP_NAMELEN] = name.length;
  i32[at + TypeObject.TP_BASICSIZE] = (o.head + type.fields) * 4;
  i32[at + TypeObject.TP_ITEMSIZE] = type.itemsize;
  i32[at + TypeObject.TP_FLAGS] = type.flags;
  i32[at + TypeObject.TP_KIND] = type.kind;
  i32[at + TypeObject.TP_WEAKLISTOFFSET] = type.weaklist === 0
    ? 0
    : o.head + type.weaklist;
}

/** An int, or True or False. */
function writeInt(o: Objects, offset: number, kind: number, value: number) {
  const { i32 } = o;
  const at = immortal(o, offset, kind);
  let sign = LongObject.ZERO;
  if (value !== 0) {
    sign = value < 0 ? LongObject.NEGATIVE : LongObject.POSITIVE;
  }
  const ndigits = value === 0 ? 0 : 1;
  const tag = (ndigits << LongObject.NON_SIZE_BITS) | sign;
  i32[at + LongObject.LV_TAG] = tag;
  i32[at + LongObject.OB_DIGIT] = Math.abs(value);
}

/** A str of a character, or of none below 0. */
function writeChar(o: Objects, offset: number, char: number): void {
  const { i32 } = o;
  const at = immortal(o, offset, Kinds.STR);
  const isAscii = char < 128;
  i32[at + UnicodeObject.LENGTH] = char < 0 ? 0 : 1;
  i32[at + UnicodeObject.HASH] = -1;
  i32[at + UnicodeObject.STATE] = UnicodeObject.INTERNED_STATIC |
    (1 << UnicodeObject.KIND_SHIFT) | UnicodeObject.COMPACT |
    (isAscii ? UnicodeObject.ASCII : 0) | UnicodeObject.STATIC;
  const data = isAscii ? UnicodeObject.ASCII_DATA : UnicodeObject.DATA;
  i32[at + data] = Math.max(char, 0);
}

/** A bytes object of a byte, or of none below 0. */
function writeByte(o: Objects, offset: number, byte: number): void {
  const { i32 } = o;
  const at = immortal(o, offset, Kinds.BYTES);
  i32[at + BytesObject.OB_SIZE] = byte < 0 ? 0 : 1;
  i32[at + BytesObject.OB_SHASH] = -1;
  i32[at + BytesObject.OB_SVAL] = Math.max(byte, 0);
}

/** Writes all of the block that `o.statics` names, which is all 0. */
function writeAll(o: Objects): void {
  for (const type of BUILTIN_TYPES) writeType(o, type);
  immortal(o, StaticObjects.NONE, Kinds.NONE);
  writeInt(o, StaticObjects.FALSE, Kinds.BOOL, 0);
  writeInt(o, StaticObjects.TRUE, Kinds.BOOL, 1);
  for (let value = INT_MIN; value <= INT_MAX; value++) {
    const offset = StaticObjects.INTS + (value - INT_MIN) * INT_SIZE;
    writeInt(o, offset, Kinds.INT, value);
  }
  writeChar(o, StaticObjects.EMPTY_STR, -1);
  writeByte(o, StaticObjects.EMPTY_BYTES, -1);
  for (let char = 0; char < 256; char++) {
    writeChar(o, StaticObjects.CHARS + char * CHAR_SIZE, char);
    writeByte(o, StaticObjects.BYTES + char * CHAR_SIZE, char);
  }
  // Its size is 0 already.
  immortal(o, StaticObjects.EMPTY_TUPLE, Kinds.TUPLE);
}

/** Makes the block and publishes it, or takes that of who was faster. */
function make(o: Objects): Address {
  const { core, i32 } = o;
  const block = core.raw.calloc(1, StaticObjects.SIZEOF);
  if (block === 0) return 0;
  o.statics = block;
  writeAll(o);
  const found = Atomics.compareExchange(i32, WORD, 0, block | 0); // COMMIT
  if (found === 0) return block;
  core.raw.free(block);
  return found >>> 0;
}

/**
 * Makes the objects that are there from the start, unless they are.
 *
 * @returns False if no memory is left.
 */
export function ensure(o: Objects): boolean {
  const found = Atomics.load(o.i32, WORD) >>> 0;
  o.statics = found === 0 ? make(o) : found;
  return o.statics !== 0;
}
