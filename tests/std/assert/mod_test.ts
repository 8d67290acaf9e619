/**
 * The assertions assert: each claim once true and once false.
 */

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "@std/assert";

/** Does the claim fail, and with the right error? */
function rejected(claim: () => unknown): boolean {
  try {
    claim();
  } catch (error) {
    return error instanceof AssertionError;
  }
  return false;
}

/** A ring of one object. */
function ring(value: number): object {
  const object: Record<string, unknown> = { value };
  object.self = object;
  return object;
}

const shared = new SharedArrayBuffer(8);
const ALIKE: readonly (readonly [unknown, unknown])[] = [
  [0, -0],
  [NaN, NaN],
  ["a", "a"],
  [1n, 1n],
  [null, null],
  [[1, [2]], [1, [2]]],
  [{ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }],
  [Object.create(null), {}],
  [new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  [new Map([[{ k: 1 }, [1]]]), new Map([[{ k: 1 }, [1]]])],
  [new Map([["k", { a: 1 }]]), new Map([["k", { a: 1 }]])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Float64Array([NaN, 0]), new Float64Array([NaN, -0])],
  [new BigInt64Array([1n]), new BigInt64Array([1n])],
  [new DataView(shared), new DataView(new SharedArrayBuffer(8))],
  [new Int32Array(shared), new Int32Array(2)],
  [shared, new SharedArrayBuffer(8)],
  [new Date(5), new Date(5)],
  [new Date(NaN), new Date(NaN)],
  [/a/g, /a/g],
  [new URL("https://a.b/"), new URL("https://a.b")],
  [new Error("x"), new Error("x")],
  [Object(1), Object(1)],
  [ring(1), ring(1)],
];

const UNLIKE: readonly (readonly [unknown, unknown])[] = [
  [0, 1],
  [1, 1n],
  [1, "1"],
  [null, undefined],
  [{}, null],
  [{ a: undefined }, {}],
  [{ a: 1 }, { a: 1, [Symbol.for("s")]: 2 }],
  [[1], { 0: 1 }],
  [[1, 2], [1]],
  [new Set([1]), new Set([2])],
  [new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  [new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  [new Map([["k", 1]]), new Map([["k", 2]])],
  [new Map([[{ k: 1 }, 1]]), new Map([[{ k: 2 }, 1]])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  [new Uint8Array([1]), new Int8Array([1])],
  [new Uint8Array(1), new Uint8Array(2)],
  [new ArrayBuffer(8), shared],
  [new Date(5), new Date(6)],
  [/a/g, /a/i],
  [new Error("x"), new Error("y")],
  [new Error("x"), new TypeError("x")],
  [() => 1, () => 1],
  [ring(1), ring(2)],
];

Deno.test("equal() knows what is alike", () => {
  for (const [a, b] of ALIKE) {
    assert(equal(a, b), Deno.inspect([a, b]));
    assert(equal(b, a), Deno.inspect([b, a]));
    assertEquals(a, b);
    assert(rejected(() => assertNotEquals(a, b)));
  }
});

Deno.test("equal() knows what is not alike", () => {
  for (const [a, b] of UNLIKE) {
    assertFalse(equal(a, b), Deno.inspect([a, b]));
    assertFalse(equal(b, a), Deno.inspect([b, a]));
    assertNotEquals(a, b);
    assert(rejected(() => assertEquals(a, b)));
  }
});

Deno.test("assertEquals() shows the lines that differ", () => {
  const error = assertThrows(
    () => assertEquals({ a: 1, b: 2 }, { a: 1, b: 3 }, "why"),
    AssertionError,
    "Values are not equal: why",
  );
  assertStringIncludes(error.message, "-     b: 2");
  assertStringIncludes(error.message, "+     b: 3");
});

Deno.test("claims about one value hold or fail", () => {
  assert(1);
  assertFalse(0);
  assertExists(0);
  assertInstanceOf([], Array);
  assertNotInstanceOf({}, Array);
  assert(rejected(() => assert(0)));
  assert(rejected(() => assertFalse(1)));
  assert(rejected(() => assertExists(null)));
  assert(rejected(() => assertInstanceOf({}, Array)));
  assert(rejected(() => assertNotInstanceOf([], Array)));
  assert(rejected(() => fail()));
  assert(rejected(() => unreachable()));
});

Deno.test("claims about order and identity hold or fail", () => {
  assertGreater(2, 1);
  assertGreaterOrEqual(1, 1);
  assertLess(1, 2);
  assertLessOrEqual(1, 1);
  assertStrictEquals(NaN, NaN);
  assertNotStrictEquals({}, {});
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1, 1.4, 0.5);
  assert(rejected(() => assertGreater(1, 1)));
  assert(rejected(() => assertGreater(NaN, 1)));
  assert(rejected(() => assertGreaterOrEqual(0, 1)));
  assert(rejected(() => assertLess(1, 1)));
  assert(rejected(() => assertLessOrEqual(2, 1)));
  assert(rejected(() => assertStrictEquals({}, {})));
  assert(rejected(() => assertStrictEquals(0, -0)));
  assert(rejected(() => assertNotStrictEquals(1, 1)));
  assert(rejected(() => assertAlmostEquals(1, 2)));
  assert(rejected(() => assertAlmostEquals(1, NaN)));
});

Deno.test("claims about texts and parts hold or fail", () => {
  assertMatch("abc", /b/);
  assertNotMatch("abc", /x/);
  assertStringIncludes("abc", "bc");
  assertArrayIncludes([{ a: 1 }, 2], [{ a: 1 }]);
  assertObjectMatch({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1 } });
  assert(rejected(() => assertMatch("abc", /x/)));
  assert(rejected(() => assertNotMatch("abc", /b/)));
  assert(rejected(() => assertStringIncludes("abc", "x")));
  assert(rejected(() => assertArrayIncludes([1], [2])));
  assert(rejected(() => assertObjectMatch({ a: 1 }, { a: 2 })));
  assert(rejected(() => assertObjectMatch({ a: 1 }, { b: 1 })));
});

Deno.test("assertThrows() looks at the class and the text", () => {
  function raise(): never {
    throw new RangeError("Out of range: 5");
  }
  assertThrows(raise);
  assertThrows(raise, "a message");
  assertThrows(raise, Error);
  assertInstanceOf(assertThrows(raise, RangeError, "range: 5"), RangeError);
  assert(rejected(() => assertThrows(() => 1)));
  assert(rejected(() => assertThrows(raise, TypeError)));
  assert(rejected(() => assertThrows(raise, RangeError, "range: 6")));
  assert(rejected(() => assertIsError("text")));
});

Deno.test("assertRejects() looks at the class and the text", async () => {
  function reject(): Promise<never> {
    return Promise.reject(new RangeError("Out of range: 5"));
  }
  await assertRejects(reject);
  await assertRejects(reject, RangeError, "range: 5");
  await assertRejects(
    () => assertRejects(() => Promise.resolve()),
    AssertionError,
  );
  await assertRejects(() => assertRejects(reject, TypeError), AssertionError);
  await assertRejects(
    () =>
      assertRejects(() => {
        throw new RangeError("Not a rejection");
      }),
    AssertionError,
    "expected to reject",
  );
});
