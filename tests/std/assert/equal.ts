/**
 * Deep equality.
 *
 * ## Rules
 *   numbers     `===`, and NaN equals NaN; so 0 equals -0
 *   objects     same constructor, same own enumerable keys, symbols included
 *   Set, Map    same size, each entry has a partner; order does not matter
 *   buffers     same bytes; typed arrays element by element, as numbers
 *   Date, URL, RegExp, boxed primitives   by value
 *   Error       name and message count although they are not enumerable
 *   WeakRef     what they refer to
 *   cycles      a pair that is being compared already counts as equal
 *
 * @module
 */

type Key = string | symbol;

/** Are the two values equal in depth? See the head of this file. */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

function compare(a: unknown, b: unknown, seen: Map<object, object>): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === "number" && typeof b === "number") return a === b;
  if (!isObject(a) || !isObject(b)) return false;
  if (typeof a === "function" || typeof b === "function") return false;
  if (!sameConstructor(a, b)) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError("Cannot compare the contents of weak collections");
  }
  return compareContent(a, b, seen) && compareKeys(a, b, seen);
}

/** What an object holds beside its properties. */
function compareContent(
  a: object,
  b: object,
  seen: Map<object, object>,
): boolean {
  if (a instanceof Set && b instanceof Set) return compareSets(a, b, seen);
  if (a instanceof Map && b instanceof Map) return compareMaps(a, b, seen);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return compareViews(a, b);
  if (isBuffer(a) && isBuffer(b)) {
    return compareBytes(new Uint8Array(a), new Uint8Array(b));
  }
  if (a instanceof Date && b instanceof Date) {
    return Object.is(a.getTime(), b.getTime());
  }
  if (a instanceof Error && b instanceof Error) {
    return a.name === b.name && a.message === b.message &&
      compare(a.cause, b.cause, seen);
  }
  if (a instanceof WeakRef && b instanceof WeakRef) {
    return compare(a.deref(), b.deref(), seen);
  }
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (isBoxed(a) && isBoxed(b)) return Object.is(a.valueOf(), b.valueOf());
  return true;
}

function compareKeys(
  a: object,
  b: object,
  seen: Map<object, object>,
): boolean {
  // The elements of a view were compared as what they are.
  if (ArrayBuffer.isView(a)) return true;
  const keys = keysOf(a);
  if (keys.length !== keysOf(b).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return false;
    if (!compare(Reflect.get(a, key), Reflect.get(b, key), seen)) return false;
  }
  return true;
}

function compareSets(
  a: Set<unknown>,
  b: Set<unknown>,
  seen: Map<object, object>,
): boolean {
  if (a.size !== b.size) return false;
  const rest = [...b].filter((value) => !a.has(value));
  for (const value of a) {
    if (b.has(value)) continue;
    const at = rest.findIndex((other) => compare(value, other, new Map(seen)));
    if (at < 0) return false;
    rest.splice(at, 1);
  }
  return true;
}

function compareMaps(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  seen: Map<object, object>,
): boolean {
  if (a.size !== b.size) return false;
  const rest = [...b].filter(([key]) => !a.has(key));
  for (const [key, value] of a) {
    if (b.has(key)) {
      if (!compare(value, b.get(key), seen)) return false;
      continue;
    }
    const at = rest.findIndex((other) =>
      compare([key, value], other, new Map(seen))
    );
    if (at < 0) return false;
    rest.splice(at, 1);
  }
  return true;
}

function compareViews(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  if (!isElements(a) || !isElements(b)) {
    return compareBytes(bytesOf(a), bytesOf(b));
  }
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

function compareBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isElements(
  view: ArrayBufferView,
): view is ArrayBufferView & ArrayLike<number | bigint> {
  return "length" in view;
}

function isObject(value: unknown): value is object {
  return value !== null &&
    (typeof value === "object" || typeof value === "function");
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function isBoxed(value: object): boolean {
  return value instanceof Number || value instanceof String ||
    value instanceof Boolean || value instanceof BigInt ||
    value instanceof Symbol;
}

/** Objects without a prototype count as plain ones. */
function sameConstructor(a: object, b: object): boolean {
  return (a.constructor ?? Object) === (b.constructor ?? Object);
}

function keysOf(value: object): Key[] {
  return Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
}
