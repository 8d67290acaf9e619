/**
 * What accessors write is what a DataView finds where C would have put it, and
 * the other way round.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { PointerError } from "../../src/errors.ts";
import {
  array,
  ArrayOf,
  createViews,
  f32,
  f64,
  type Field,
  i16,
  i32,
  i64,
  i8,
  type MemPtr,
  memPtr,
  ptr,
  struct,
  u16,
  u32,
  u64,
  u8,
  type ValueOf,
} from "../../src/types/mod.ts";

const heap = createViews(new SharedArrayBuffer(1 << 17));
const data = new DataView(heap.buffer);
const P = 0x8000;

const All = struct({
  i8,
  u8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  f32,
  f64,
  ptr,
});

Deno.test("fields read and write their own bytes, little-endian", () => {
  const all = All.view(heap);
  all.i8.set(P, -2);
  all.u8.set(P, 254);
  all.i16.set(P, -300);
  all.u16.set(P, 65000);
  all.i32.set(P, -70000);
  all.u32.set(P, 4000000000);
  all.i64.set(P, -(2n ** 40n));
  all.u64.set(P, 2n ** 63n);
  all.f32.set(P, 1.5);
  all.f64.set(P, Math.PI);
  all.ptr.set(P, 0xfffffff0);
  const at = All.offsets;
  assertEquals(data.getInt8(P + at.i8), -2);
  assertEquals(data.getUint8(P + at.u8), 254);
  assertEquals(data.getInt16(P + at.i16, true), -300);
  assertEquals(data.getUint16(P + at.u16, true), 65000);
  assertEquals(data.getInt32(P + at.i32, true), -70000);
  assertEquals(data.getUint32(P + at.u32, true), 4000000000);
  assertEquals(data.getBigInt64(P + at.i64, true), -(2n ** 40n));
  assertEquals(data.getBigUint64(P + at.u64, true), 2n ** 63n);
  assertEquals(data.getFloat32(P + at.f32, true), 1.5);
  assertEquals(data.getFloat64(P + at.f64, true), Math.PI);
  assertEquals(data.getUint32(P + at.ptr, true), 0xfffffff0);
  assertEquals(All.read(heap, P), {
    i8: -2,
    u8: 254,
    i16: -300,
    u16: 65000,
    i32: -70000,
    u32: 4000000000,
    i64: -(2n ** 40n),
    u64: 2n ** 63n,
    f32: 1.5,
    f64: Math.PI,
    ptr: 0xfffffff0,
  });
});

Deno.test("a field write leaves all other bytes alone", () => {
  const all = All.view(heap);
  for (const name of Object.keys(All.fields) as (keyof typeof All.fields)[]) {
    for (let i = 0; i < 2 * All.size; i++) data.setUint8(P + i, 0xaa);
    const field: Field<unknown> = all[name];
    const isBig = name === "i64" || name === "u64";
    field.set(P, isBig ? 0n : 0);
    const from = All.offsets[name];
    const to = from + All.fields[name].size;
    for (let i = 0; i < 2 * All.size; i++) {
      const expected = i >= from && i < to ? 0 : 0xaa;
      assertEquals(data.getUint8(P + i), expected, `${name}, byte ${i}`);
    }
  }
});

Deno.test("integers that do not fit are cut off, as in C", () => {
  u8.write(heap, P, 257);
  i8.write(heap, P + 1, 200);
  ptr.write(heap, P + 4, -16);
  assertEquals(u8.read(heap, P), 1);
  assertEquals(i8.read(heap, P + 1), -56);
  assertEquals(ptr.read(heap, P + 4), 0xfffffff0);
});

Deno.test("items of an array of scalars stand one after the other", () => {
  const doubles = f64.view(heap);
  const shorts = u16.view(heap);
  for (let i = 0; i < 10; i++) doubles.setItem(P, i, i * 1.5);
  for (let i = 0; i < 10; i++) {
    assertEquals(doubles.getItem(P, i), i * 1.5);
    assertEquals(doubles.get(f64.item(P, i)), i * 1.5);
    assertEquals(data.getFloat64(P + 8 * i, true), i * 1.5);
  }
  shorts.setItem(P + 2, 3, 77);
  assertEquals(data.getUint16(P + 8, true), 77);
});

const Point = struct({ x: f64, y: f64 });
const Shape = struct({
  tag: u8,
  origin: Point,
  points: array(Point, 3),
  matrix: array(array(i32, 2), 2),
});

Deno.test("nested structs and arrays reach the right bytes", () => {
  const shape = Shape.view(heap);
  const { points, matrix } = Shape.offsets;
  for (let i = 0; i < Shape.size; i++) data.setUint8(P + i, 0);
  shape.origin.y.set(P, 2.5);
  assertEquals(data.getFloat64(P + 16, true), 2.5);
  for (let i = 0; i < 3; i++) {
    const at = shape.points.item(P, i);
    shape.points.of.x.set(at, i + 0.25);
    shape.points.of.y.set(at, -i);
    assertEquals(data.getFloat64(P + points + 16 * i, true), i + 0.25);
    assertEquals(data.getFloat64(P + points + 16 * i + 8, true), -i);
  }
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 2; column++) {
      const at = shape.matrix.item(P, row);
      shape.matrix.of.setItem(at, column, 10 * row + column);
      const offset = matrix + 8 * row + 4 * column;
      assertEquals(data.getInt32(P + offset, true), 10 * row + column);
    }
  }
  assertEquals(Shape.read(heap, P), {
    tag: 0,
    origin: { x: 0, y: 2.5 },
    points: [{ x: 0.25, y: -0 }, { x: 1.25, y: -1 }, { x: 2.25, y: -2 }],
    matrix: [[0, 1], [10, 11]],
  });
});

Deno.test("write() writes what it is given and nothing else", () => {
  const value: ValueOf<typeof Shape> = {
    tag: 9,
    origin: { x: 1, y: 2 },
    points: [{ x: 3, y: 4 }, { x: 5, y: 6 }, { x: 7, y: 8 }],
    matrix: [[1, 2], [3, 4]],
  };
  Shape.write(heap, P, value);
  assertEquals(Shape.read(heap, P), value);
  Shape.write(heap, P, { tag: 10 });
  assertEquals(Shape.read(heap, P), { ...value, tag: 10 });
  assertThrows(
    // @ts-expect-error No such field.
    () => Shape.write(heap, P, { colour: 1 }),
    TypeError,
    'Cannot find a field "colour"',
  );
  assertThrows(
    () => Shape.write(heap, P, { matrix: [[1, 2]] }),
    RangeError,
    "Cannot store 1 items in an array of 2",
  );
});

Deno.test("an access at NULL or outside of the heap throws", () => {
  const point = Point.view(heap);
  const before = data.getFloat64(0, true);
  const end = heap.buffer.byteLength;
  for (const p of [0, 16, 16376, end, end + 4096, 0xfffffff0, NaN, -8]) {
    assertThrows(() => point.x.get(p), PointerError, "Cannot access a field");
    assertThrows(() => point.x.set(p, 1), PointerError, "Cannot access");
    assertThrows(() => point.x.getItem(p, 0), PointerError, "Cannot access");
    assertThrows(() => point.x.setItem(p, 0, 1), PointerError, "Cannot access");
    assertThrows(() => Point.read(heap, p), PointerError, "Cannot access");
    assertThrows(() => point.x.get(Point.item(p, 0)), PointerError);
  }
  assertThrows(() => point.x.getItem(P, NaN), PointerError);
  assertThrows(() => point.x.setItem(P, NaN, 1), PointerError);
  assertThrows(() => point.x.get(0), PointerError, "at NULL");
  assertThrows(() => point.x.get(end), PointerError, "address 0x20000");
  assertThrows(() => point.x.getItem(P, 1 << 20), PointerError, "0x808000");
  assertThrows(() => Point.read(heap, P + 4), PointerError, "multiple of 8");
  assertEquals(data.getFloat64(0, true), before);
});

Deno.test("item() of an array accessor refuses what is no item", () => {
  const { points } = Shape.view(heap);
  for (const i of [3, -1, 0.5, NaN, 2 ** 32]) {
    assertThrows(() => points.item(P, i), RangeError, "of an array of 3");
  }
});

Deno.test("view and index() serve Atomics", () => {
  const counter = struct({ name: ptr, count: i32 }).view(heap).count;
  counter.set(P, 40);
  Atomics.add(counter.view, counter.index(P), 2);
  assertEquals(counter.get(P), 42);
  assertEquals(heap.i32[(P + 4) >>> 2], 42);
});

Deno.test("descriptors give accessors and values their types", () => {
  const Node = struct({ next: memPtr, big: i64, list: array(Point, 2) });
  const node = Node.view(heap);
  node.next.set(P, 0 as MemPtr);
  assertType<IsExact<ReturnType<typeof node.next.get>, MemPtr>>(true);
  assertType<IsExact<ReturnType<typeof node.big.get>, bigint>>(true);
  assertType<
    IsExact<
      ValueOf<typeof Node>,
      { next: MemPtr; big: bigint; list: { x: number; y: number }[] }
    >
  >(true);
  assert(node.list instanceof ArrayOf);
  // @ts-expect-error No such field.
  assertEquals(node.previous, undefined);
  // @ts-expect-error A bigint is no number.
  assertThrows(() => node.big.set(P, 1), TypeError);
});
