/**
 * The built-in types as one table, and their sizes.
 *
 * Words are 4 bytes here and 8 in CPython; sizes without the collector's head,
 * which is 8 bytes here and 16 there, in the GIL build only.
 *
 * ```text
 *   bytes                 here                      CPython 3.13, 64 bits
 *                         GIL       free-threaded   default
 *   ───────────────────   ───────   ─────────────   ─────────
 *   None                   8         24              16
 *   int of d digits       12 + 4d    28 + 4d         24 + 4d
 *   bool                  16         32              28
 *   float                 16         32              24
 *   complex               24         40              32
 *   str, ASCII            21 + n     37 + n          41 + n
 *   str, Latin-1          29 + n     45 + n          57 + n
 *   str, 2 bytes each     30 + 2n    46 + 2n         58 + 2n
 *   str, 4 bytes each     32 + 4n    48 + 4n         60 + 4n
 *   bytes                 17 + n     33 + n          33 + n
 *   tuple                 12 + 4n    28 + 4n         24 + 8n
 *   list, no items        16         32              40
 *   list, n slots         20 + 4n    36 + 4n         40 + 8n
 *   dict, no items        16         32              48
 *   dict, 8 lanes, str    80         96             168
 *   dict, 8 lanes         96        112             208
 *   set, 8 entries        96        112             200
 *   set, n entries       100 + 8n   116 + 8n        200 + 16n
 * ```
 *
 * Source: CPython 3.14 Objects/object.c, static_types.
 *
 * @module
 */

import * as BytesObject from "../layout/bytes_object.ts";
import * as ComplexObject from "../layout/complex_object.ts";
import * as DictObject from "../layout/dict_object.ts";
import * as FloatObject from "../layout/float_object.ts";
import * as ListObject from "../layout/list_object.ts";
import * as LongObject from "../layout/long_object.ts";
import * as SetObject from "../layout/set_object.ts";
import * as TupleObject from "../layout/tuple_object.ts";
import * as TypeObject from "../layout/type_object.ts";
import * as UnicodeObject from "../layout/unicode_object.ts";
import * as WeakrefObject from "../layout/weakref_object.ts";
import * as Bool from "./bool.ts";
import * as Bytes from "./bytes.ts";
import * as Complex from "./complex.ts";
import * as Dict from "./dict.ts";
import * as Float from "./float.ts";
import * as Hash from "./hash.ts";
import * as Immortal from "./immortal.ts";
import * as Kinds from "./kinds.ts";
import * as List from "./list.ts";
import * as Long from "./long.ts";
import * as None from "./none.ts";
import * as Numbers from "./numbers.ts";
import type { Slots } from "./objects.ts";
import * as Sets from "./set.ts";
import * as Tuple from "./tuple.ts";
import * as Unicode from "./unicode.ts";
import * as Weakref from "./weakref.ts";

/** A built-in type. */
export interface BuiltinType {
  /** Its number, `Kinds.INT` and so on. */
  readonly kind: number;
  /** Its name in Python. */
  readonly name: string;
  /** Fields of an object behind the header, without items. Words. */
  readonly fields: number;
  /** Size of an item. Bytes. */
  readonly itemsize: number;
  /** `TypeObject.HAVE_GC` and so on. */
  readonly flags: number;
  /** Its functions. */
  readonly slots: Slots;
  /**
   * Which field has the head of the list of weak references, or 0 for none.
   * Words behind the header.
   */
  readonly weaklist: number;
}

/** Functions of type objects. */
const TYPE_SLOTS: Slots = {
  dealloc: Immortal.dealloc,
  sizeOf: (o) => (o.head + TypeObject.SIZEOF) * 4,
  hash: (_, op) => Hash.ofPointer(op),
  repr: (o, op) => `<class '${o.nameOf(op)}'>`,
};

/** Functions of ints. */
const INT_SLOTS: Slots = {
  dealloc: Long.dealloc,
  sizeOf: Long.sizeOf,
  hash: Long.hash,
  equals: Numbers.equals,
  compare: Numbers.compare,
  repr: Long.repr,
};

function row(
  kind: number,
  name: string,
  slots: Slots,
  fields: number,
  itemsize = 0,
  flags = 0,
  weaklist = 0,
): BuiltinType {
  return { kind, name, fields, itemsize, flags, slots, weaklist };
}

const { ASCII_DATA } = UnicodeObject;
const GC_REFS = TypeObject.HAVE_GC | TypeObject.ITEM_REFS;

/** All built-in types. */
export const BUILTIN_TYPES: readonly BuiltinType[] = [
  row(
    Kinds.TYPE,
    "type",
    TYPE_SLOTS,
    TypeObject.SIZEOF,
    0,
    0,
    TypeObject.TP_WEAKLIST,
  ),
  row(Kinds.NONE, "NoneType", None.SLOTS, 0),
  row(Kinds.BOOL, "bool", Bool.SLOTS, LongObject.SIZEOF, 4),
  row(Kinds.INT, "int", INT_SLOTS, LongObject.SIZEOF, 4),
  row(Kinds.FLOAT, "float", Float.SLOTS, FloatObject.SIZEOF),
  row(Kinds.COMPLEX, "complex", Complex.SLOTS, ComplexObject.SIZEOF),
  row(Kinds.STR, "str", Unicode.SLOTS, ASCII_DATA),
  row(Kinds.BYTES, "bytes", Bytes.SLOTS, BytesObject.SIZEOF, 1),
  row(Kinds.TUPLE, "tuple", Tuple.SLOTS, TupleObject.SIZEOF, 4, GC_REFS),
  row(
    Kinds.LIST,
    "list",
    List.SLOTS,
    ListObject.SIZEOF,
    0,
    TypeObject.HAVE_GC,
  ),
  row(
    Kinds.DICT,
    "dict",
    Dict.SLOTS,
    DictObject.SIZEOF,
    0,
    TypeObject.HAVE_GC,
  ),
  row(
    Kinds.SET,
    "set",
    Sets.SLOTS,
    SetObject.SIZEOF,
    0,
    TypeObject.HAVE_GC,
    SetObject.WEAKREFLIST,
  ),
  row(
    Kinds.FROZENSET,
    "frozenset",
    Sets.FROZEN_SLOTS,
    SetObject.SIZEOF,
    0,
    TypeObject.HAVE_GC,
    SetObject.WEAKREFLIST,
  ),
  row(
    Kinds.WEAKREF,
    "weakref.ReferenceType",
    Weakref.SLOTS,
    WeakrefObject.SIZEOF,
    0,
    TypeObject.HAVE_GC,
  ),
];
