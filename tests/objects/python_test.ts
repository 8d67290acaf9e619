/**
 * Values that a Python and this library both have: what they print, and which
 * of them are equal and hash alike. Where there is no Python, nothing is
 * compared, and the test says so.
 */

import { assertEquals } from "@std/assert";
import fc from "npm:fast-check@4";
import { type Objects, Protocol } from "../../src/objects/mod.ts";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { make, type Value, withObjects } from "./objects_fixture.ts";
import { hasPython, run } from "./python.ts";

/** Values of a run. Count. */
const COUNT = 400;
const SEED = 4;

/** Builds the value that a line of JSON describes. */
const PREPARE = `import json, sys
sys.set_int_max_str_digits(0) if hasattr(sys, "set_int_max_str_digits") else 0
def build(v):
    kind, x = v
    if kind == "none": return None
    if kind == "bool": return x
    if kind == "int": return int(x)
    if kind == "float": return float.fromhex(x) if x[:1] not in "ni-" or "x" in x else float(x)
    if kind == "complex": return complex(build(["float", x[0]]), build(["float", x[1]]))
    if kind == "str": return "".join(map(chr, x))
    if kind == "bytes": return bytes(x)
    return tuple(map(build, x))
`;
const REPR = PREPARE + `for line in sys.stdin:
    print(ascii(repr(build(json.loads(line)))))
`;
const EQUAL = PREPARE + `for line in sys.stdin:
    a, b = map(build, json.loads(line))
    print(a == b, hash(a) == hash(b))
`;

/** A double in a notation that is exact, and that Python reads. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return isNaN(value) ? "nan" : `${value}`;
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  let size = Math.abs(value);
  let exponent = 0;
  while (!Number.isInteger(size)) {
    size *= 2;
    exponent--;
  }
  return `${sign}0x${BigInt(size).toString(16)}p${exponent}`;
}

/** A value as JSON for the programs above. */
function describe(value: Value): unknown {
  if (value === null) return ["none", 0];
  if (typeof value === "boolean") return ["bool", value];
  if (typeof value === "bigint") return ["int", String(value)];
  if (typeof value === "string") {
    return ["str", [...value].map((char) => char.codePointAt(0))];
  }
  if (value instanceof Uint8Array) return ["bytes", [...value]];
  if ("float" in value) return ["float", doubleText(value.float)];
  if ("real" in value) {
    return ["complex", [doubleText(value.real), doubleText(value.imag)]];
  }
  return ["tuple", value.map(describe)];
}

/** Characters that all versions of Unicode since 2010 agree on. */
const units = fc.oneof(
  fc.integer({ min: 0, max: 0x2ff }),
  fc.constantFrom(0x2028, 0x3000, 0xd800, 0xdfff, 0xe000, 0xfeff, 0x200b),
  fc.integer({ min: 0x4e00, max: 0x4fff }),
  fc.constantFrom(0x1f600, 0x10000, 0xe0001, 0x10ffff),
);
const text = fc.array(units, { maxLength: 12 }).map((points) =>
  points.map((point) => String.fromCodePoint(point)).join("")
);
const double = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, 2, 1e16, 1e15, 1e-4, 1e-5, 1e22, 0.1),
);
const number: fc.Arbitrary<Value> = fc.oneof(
  fc.boolean(),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt(),
  double.map((float) => ({ float })),
  fc.tuple(double, double).map(([real, imag]) => ({ real, imag })),
  fc.bigInt({ min: -3n, max: 3n }).map((n) => ({ real: Number(n), imag: 0 })),
  fc.bigInt({ min: -3n, max: 3n }).map((n) => ({ float: Number(n) })),
);
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  number,
  text,
  fc.uint8Array({ maxLength: 12 }),
);
const { value: values } = fc.letrec<{ value: Value; tuple: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, leaf, tie("tuple")),
  tuple: fc.array(tie("value"), { maxLength: 4 }),
}));

/** Drops an object after `use`. */
function with1<T>(o: Objects, value: Value, use: (op: number) => T): T {
  const op = make(o, value);
  const result = use(op);
  o.decref(op);
  return result;
}

/** Python's `ascii()` of the text of an object. */
function asciiOf(o: Objects, value: Value): string {
  const repr = with1(o, value, (op) => Protocol.repr(o, op));
  const shown = with1(o, repr, (op) => Protocol.repr(o, op));
  return [...shown].map((char) => {
    const point = char.codePointAt(0)!;
    const hex = point.toString(16);
    if (point < 0x80) return char;
    if (point < 0x100) return `\\x${hex.padStart(2, "0")}`;
    if (point < 0x10000) return `\\u${hex.padStart(4, "0")}`;
    return `\\U${hex.padStart(8, "0")}`;
  }).join("");
}

const IGNORE = !hasPython();

for (const build of BUILDS) {
  Deno.test({
    name: `Python prints the same (${build})`,
    ignore: IGNORE,
    async fn() {
      const sample = fc.sample(values, { numRuns: COUNT, seed: SEED });
      const lines = sample.map((value) => JSON.stringify(describe(value)));
      const there = await run(REPR, lines);
      withObjects(build, (o) => {
        assertEquals(sample.map((value) => asciiOf(o, value)), there);
      });
    },
  });

  Deno.test({
    name: `Python finds the same values equal (${build})`,
    ignore: IGNORE,
    async fn() {
      const pair = fc.oneof(
        fc.tuple(number, number),
        fc.tuple(values, values),
        fc.tuple(number, number, number).map(([a, b, c]): [Value, Value] => [
          [a, c],
          [b, c],
        ]),
      );
      const sample = fc.sample(pair, { numRuns: COUNT, seed: SEED });
      const lines = sample.map((both) => JSON.stringify(both.map(describe)));
      const there = (await run(EQUAL, lines)).map((line) => line.split(" "));
      withObjects(build, (o) => {
        let alike = 0;
        for (const [k, [a, b]] of sample.entries()) {
          with1(o, a, (x) =>
            with1(o, b, (y) => {
              const isEqual = Protocol.equals(o, x, y);
              assertEquals(isEqual ? "True" : "False", there[k][0], lines[k]);
              if (!isEqual) return;
              alike++;
              assertEquals(there[k][1], "True", lines[k]);
              assertEquals(Protocol.hash(o, x), Protocol.hash(o, y), lines[k]);
            }));
        }
        assertEquals(alike > COUNT / 20, true, `${alike} pairs are equal`);
      });
    },
  });
}
