/** Strings: kinds, lone surrogates, interning, order, what Python prints. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4";
import { attach } from "../../mod.ts";
import * as StaticObjects from "../../src/layout/static_objects.ts";
import { Protocol, Unicode } from "../../src/objects/mod.ts";
import { withHeap } from "../helpers/heap_fixture.ts";
import { eachBuild, openObjects, using } from "./objects_fixture.ts";

const RUNS = { numRuns: 300, seed: 2 };
/** Strings of all kinds, lone surrogates among them. */
const texts = fc.oneof(
  fc.string({ unit: "binary-ascii" }),
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 255 })).map((units) =>
    String.fromCharCode(...units)
  ),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map(
    (units) => String.fromCharCode(...units),
  ),
);

eachBuild("a string comes back, whatever is in it", (o) => {
  fc.assert(
    fc.property(texts, (text) => {
      using(o, text, (op) => {
        const points = [...text].map((char) => char.codePointAt(0));
        assertEquals(Unicode.toString(o, op), text);
        assertEquals(Unicode.length(o, op), points.length);
        const items = points.map((_, k) => Unicode.item(o, op, k));
        assertEquals(items, points);
      });
    }),
    RUNS,
  );
});

eachBuild("long strings come back", (o) => {
  const units = ["a", "\xe9", "\u65e5", "\ud83d\ude00", "\ud800", "\ufeff"];
  for (const unit of units) {
    for (const count of [255, 256, 257, 4096, 4097, 10_001]) {
      const text = unit.repeat(count) + "x";
      using(o, text, (op) => assertEquals(Unicode.toString(o, op), text));
    }
  }
});

eachBuild("the kind is the smallest that fits", (o) => {
  const sizes = ["ab", "a\xff", "a\u0100", "a\ud800", "a\u{10000}"].map((
    text,
  ) => using(o, text, (op) => Protocol.sizeOf(o, op) - o.head * 4));
  assertEquals(sizes, [12 + 3, 20 + 3, 20 + 6, 20 + 6, 20 + 12]);
});

eachBuild("strings of one character below 256, and none, are shared", (o) => {
  const empty = Unicode.fromString(o, "");
  assertEquals(empty, o.statics + StaticObjects.EMPTY_STR);
  assertEquals(Unicode.toString(o, empty), "");
  for (let point = 0; point < 256; point++) {
    const op = Unicode.fromCodePoint(o, point);
    assertEquals(op, Unicode.fromString(o, String.fromCharCode(point)));
    assertEquals(Unicode.item(o, op, 0), point);
    assertEquals(Unicode.intern(o, op), op);
  }
});

/** Order of two strings by code points. */
function orderOf(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let k = 0; k < left.length && k < right.length; k++) {
    const step = left[k].codePointAt(0)! - right[k].codePointAt(0)!;
    if (step !== 0) return Math.sign(step);
  }
  return Math.sign(left.length - right.length);
}

eachBuild("strings are ordered by code points, equal ones hash alike", (o) => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      using(o, a, (x) =>
        using(o, b, (y) => {
          const order = orderOf(a, b);
          assertEquals(Math.sign(Protocol.compare(o, x, y)), order);
          assertEquals(Protocol.equals(o, x, y), order === 0);
        }));
      using(o, a, (x) =>
        using(o, a, (y) => {
          assertEquals(Protocol.hash(o, x), Protocol.hash(o, y));
          assert(Protocol.equals(o, x, y));
        }));
    }),
    RUNS,
  );
  assertEquals(using(o, "", (op) => Protocol.hash(o, op)), 0);
});

eachBuild("a str never equals bytes", (o) => {
  using(o, "ab", (text) =>
    using(o, new TextEncoder().encode("ab"), (bytes) => {
      assert(!Protocol.equals(o, text, bytes));
      assert(!Protocol.equals(o, bytes, text));
      assertThrows(() => Protocol.compare(o, text, bytes), TypeError);
    }));
});

eachBuild("strings are printed as Python does", (o) => {
  const shown: [string, string][] = [
    ["it's", `"it's"`],
    [`it's "x"`, `'it\\'s "x"'`],
    [`"`, `'"'`],
    ["a\\b\t\n\r", "'a\\\\b\\t\\n\\r'"],
    ["\0\x1f\x7f\x80\xa0\xad", "'\\x00\\x1f\\x7f\\x80\\xa0\\xad'"],
    ["\u2028\u3000\ud800", "'\\u2028\\u3000\\ud800'"],
    ["\u{e0001}\u{10ffff}", "'\\U000e0001\\U0010ffff'"],
    ["h\xe9 \u65e5 \u{1f600}", "'h\xe9 \u65e5 \u{1f600}'"],
  ];
  for (const [text, repr] of shown) {
    assertEquals(using(o, text, (op) => Protocol.repr(o, op)), repr);
  }
});

eachBuild("what is no str or character is refused", (o) => {
  const bad: unknown = 1;
  assertThrows(
    () => Unicode.fromString(o, bad as string),
    TypeError,
    "Cannot make a str of 0x1: it is no string",
  );
  assertThrows(() => Unicode.fromCodePoint(o, 0x110000), RangeError, "1114112");
  using(o, "abc", (op) => {
    for (const index of [3, -1, 0.5, NaN]) {
      assertThrows(
        () => Unicode.item(o, op, index),
        RangeError,
        `Cannot get item ${index} of a str: its length is 3`,
      );
    }
  });
  using(o, 1000n, (op) => {
    assertThrows(() => Unicode.toString(o, op), TypeError, "of type int");
    assertThrows(() => Unicode.intern(o, op), TypeError);
  });
});

Deno.test("GIL build: interned strings are one object, and mortal", () => {
  withHeap("gil", (heap) => {
    const o = openObjects(heap);
    const names = Array.from({ length: 3000 }, (_, k) => `name ${k}`);
    const first = names.map((name) =>
      Unicode.intern(o, Unicode.fromString(o, name))
    );
    for (const [k, name] of names.entries()) {
      const op = Unicode.intern(o, Unicode.fromString(o, name));
      assertEquals(op, first[k]);
      assertEquals(o.refcnt(op), 2);
      o.decref(op);
    }
    for (const op of first) o.decref(op);
    assertEquals(heap.check().blocks[2], 0);
    const again = Unicode.intern(o, Unicode.fromString(o, "name 7"));
    assertEquals(o.refcnt(again), 1);
    o.decref(again);
    assertEquals(heap.check().blocks[2], 0);
  });
});

Deno.test("free-threaded build: interned strings are immortal", () => {
  withHeap("free-threaded", (heap) => {
    const o = openObjects(heap);
    const mine = Unicode.fromString(o, "some name");
    assertEquals(Unicode.intern(o, mine), mine);
    o.decref(mine);
    assertEquals(o.refcnt(mine), 0xffffffff);
    const second = Unicode.fromString(o, "some name");
    assertEquals(Unicode.intern(o, second), mine);
    // One that others may know of stays as it is.
    const known = Unicode.fromString(o, "another name");
    o.incref(known);
    const copy = Unicode.intern(o, known);
    assert(copy !== known);
    assertEquals(o.refcnt(known), 1);
    o.decref(known);
    assertEquals(heap.check().blocks[2], 2);
  });
});

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`another worker finds the same interned string (${build})`, () => {
    withHeap(build, (heap) => {
      const o = openObjects(heap);
      const op = Unicode.intern(o, Unicode.fromString(o, "shared name"));
      heap.threads.detach();
      using other = attach(heap.handle);
      const p = openObjects(other);
      assertEquals(p.statics, o.statics);
      const same = Unicode.intern(p, Unicode.fromString(p, "shared name"));
      assertEquals(same, op);
      p.decref(same);
      other.close();
      heap.threads.attach();
      o.decref(op);
    });
  });
}
