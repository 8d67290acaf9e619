/**
 * Sizes, alignments and offsets are those of a C compiler for a target with
 * 4-byte pointers and 8-byte alignment of 64-bit values (AAPCS, for one). The
 * table was worked out by hand and holds for `sizeof`, `_Alignof`, `offsetof`.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  alignof,
  array,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  memPtr,
  offsetof,
  ptr,
  sizeof,
  struct,
  type StructFields,
  StructType,
  type Type,
  u16,
  u32,
  u64,
  u8,
} from "../../src/types/mod.ts";
import { Prng } from "../helpers/prng.ts";

const SCALARS: readonly (readonly [Type, number])[] = [
  [i8, 1],
  [u8, 1],
  [i16, 2],
  [u16, 2],
  [i32, 4],
  [u32, 4],
  [i64, 8],
  [u64, 8],
  [f32, 4],
  [f64, 8],
  [ptr, 4],
  [memPtr, 4],
];

/** Fields, then what C says: size, alignment and the offsets in order. */
const TABLE: readonly (readonly [StructFields, number, number, number[]])[] = [
  [{ a: u8 }, 1, 1, [0]],
  [{ a: u8, b: u8, c: u8 }, 3, 1, [0, 1, 2]],
  [{ a: u8, b: u16 }, 4, 2, [0, 2]],
  [{ a: u16, b: u8 }, 4, 2, [0, 2]],
  [{ a: u8, b: u16, c: u8 }, 6, 2, [0, 2, 4]],
  [{ a: u8, b: u32, c: u8 }, 12, 4, [0, 4, 8]],
  [{ a: u8, b: f64, c: u8 }, 24, 8, [0, 8, 16]],
  [{ a: f64, b: ptr, c: u8 }, 16, 8, [0, 8, 12]],
  [{ a: ptr, b: f64 }, 16, 8, [0, 8]],
  [{ a: ptr, b: ptr, c: ptr }, 12, 4, [0, 4, 8]],
  [{ a: f32, b: u8, c: i16, d: i64 }, 16, 8, [0, 4, 6, 8]],
  [{ a: i64, b: u8 }, 16, 8, [0, 8]],
  [{ a: u8, b: array(u16, 3), c: u8 }, 10, 2, [0, 2, 8]],
  [{ a: u8, b: array(u8, 3), c: f32 }, 8, 4, [0, 1, 4]],
  [{ a: u8, b: struct({ x: u8, y: f64 }), c: u8 }, 32, 8, [0, 8, 24]],
  [{ a: u16, b: struct({ x: u8, y: u8 }), c: u8 }, 6, 2, [0, 2, 4]],
  [
    { a: u8, b: array(struct({ x: u16, y: u8 }), 2), c: u32 },
    16,
    4,
    [0, 2, 12],
  ],
  [{ a: u8, b: array(array(f64, 2), 2) }, 40, 8, [0, 8]],
];

Deno.test("scalars have the size and alignment of C", () => {
  for (const [type, size] of SCALARS) {
    assertEquals(sizeof(type), size, type.name);
    assertEquals(alignof(type), size, type.name);
  }
});

Deno.test("struct() lays fields out as C does", () => {
  for (const [fields, size, align, offsets] of TABLE) {
    const type = struct(fields);
    const names = Object.keys(fields);
    assertEquals(sizeof(type), size, type.name);
    assertEquals(alignof(type), align, type.name);
    assertEquals(names.map((name) => offsetof(type, name)), offsets, type.name);
  }
});

Deno.test("array() multiplies the size and keeps the alignment", () => {
  const Point = struct({ x: f64, tag: u8 });
  assertEquals(sizeof(array(u16, 3)), 6);
  assertEquals(alignof(array(u16, 3)), 2);
  assertEquals(sizeof(array(Point, 3)), 48);
  assertEquals(array(array(u8, 5), 7).size, 35);
  assertEquals(array(Point, 3).item(64, 2), 96);
  assertEquals(Point.item(64, 2), 96);
  assertEquals(f64.item(64, 3), 88);
});

Deno.test("struct() satisfies S1 to S3 for random fields", () => {
  const random = new Prng(20261122);
  for (let round = 0; round < 500; round++) {
    checkLayout(randomStruct(random, 3));
  }
});

/** A struct of one to eight random fields, nested `depth` levels at most. */
function randomStruct(random: Prng, depth: number): StructType<StructFields> {
  const fields: Record<string, Type> = {};
  const count = 1 + random.below(8);
  for (let i = 0; i < count; i++) fields[`f${i}`] = randomType(random, depth);
  return struct(fields);
}

function randomType(random: Prng, depth: number): Type {
  const choice = random.below(10);
  if (depth > 0 && choice === 0) return randomStruct(random, depth - 1);
  if (depth > 0 && choice === 1) {
    return array(randomType(random, depth - 1), 1 + random.below(5));
  }
  return SCALARS[random.below(SCALARS.length)][0];
}

function checkLayout(type: StructType<StructFields>): void {
  let end = 0;
  let align = 1;
  for (const name of Object.keys(type.fields)) {
    const field = type.fields[name];
    const offset = type.offsets[name];
    assert(offset >= end, "S1: fields overlap");
    assertEquals(offset % field.align, 0, "S2: a field is not aligned");
    assert(offset - end < field.align, "S3: too much padding before a field");
    end = offset + field.size;
    align = Math.max(align, field.align);
    if (field instanceof StructType) checkLayout(field);
  }
  assertEquals(type.align, align);
  assertEquals(type.size % align, 0, "T1: the size is not aligned");
  assert(type.size - end < align, "S3: too much padding at the end");
}

Deno.test("descriptors of nonsense are refused", () => {
  assertThrows(() => struct({}), TypeError, "no fields");
  // @ts-expect-error No descriptor.
  assertThrows(() => struct({ a: undefined }), TypeError, 'field "a"');
  // @ts-expect-error No descriptor.
  assertThrows(() => struct({ a: "u8" }), TypeError, 'field "a"');
  assertThrows(() => struct({ 1: u8, 0: u8 }), TypeError, "the order");
  // @ts-expect-error No descriptor.
  assertThrows(() => array(null, 1), TypeError, "an item");
  for (const length of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
    assertThrows(() => array(u8, length), RangeError, "Cannot lay out");
  }
  assertThrows(
    () => struct({ a: array(u8, 2e9), b: array(u8, 2e9) }),
    RangeError,
    "Cannot lay out",
  );
  const Point = struct({ x: f64 });
  assertThrows(
    // @ts-expect-error No such field.
    () => offsetof(Point, "y"),
    TypeError,
    'Cannot find a field "y"',
  );
  const Points = array(Point, 3);
  for (const i of [3, -1, 0.5, NaN, 2 ** 32]) {
    assertThrows(() => Points.item(64, i), RangeError, "Cannot take item");
  }
});
