/**
 * Texts as Python prints them: sizes, strings, and the order of strings.
 *
 * Source: CPython 3.14 Lib/tracemalloc.py: _format_size(); Objects/unicodeobject.c.
 *
 * @module
 */

/** Where `Deno.inspect()` asks how a value is to be shown. */
export const INSPECT: unique symbol = Symbol.for(
  "Deno.customInspect",
) as typeof INSPECT;

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A number that is not negative, with C's rounding: half to even. */
function fixed(value: number, digits: 0 | 1): string {
  // toFixed() rounds a half up. The only halves that a double can be are n.5,
  // and with one digit n.25 and n.75, of which the latter goes up anyway.
  const isDown = digits === 0 ? value % 2 === 0.5 : value % 1 === 0.25;
  if (!isDown) return value.toFixed(digits);
  const scale = 10 ** digits;
  return (Math.floor(value * scale) / scale).toFixed(digits);
}

/** The same, with its sign. */
function signed(value: number, digits: 0 | 1, plus: string): string {
  return (value < 0 ? "-" : plus) + fixed(Math.abs(value), digits);
}

/**
 * A size, in the unit that takes the fewest digits.
 *
 * @param size Bytes.
 * @param sign True if a `+` is to be written.
 * @returns For example `10.6 KiB`.
 */
export function formatSize(size: number, sign: boolean): string {
  const plus = sign ? "+" : "";
  let value = size;
  for (const unit of UNITS) {
    const isLast = unit === "TiB";
    if (Math.abs(value) < 100 && unit !== "B") {
      return `${signed(value, 1, plus)} ${unit}`;
    }
    if (Math.abs(value) < 10 * 1024 || isLast) {
      return `${signed(value, 0, plus)} ${unit}`;
    }
    value /= 1024;
  }
  return "";
}

/** A whole number with its sign. C: `%+i`. */
export function formatSigned(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}

/** Characters that Python escapes: what is not printable. */
const ESCAPED = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const SHORT: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escape(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const hex = char.codePointAt(0)!.toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
  return hex.length <= 4
    ? `\\u${hex.padStart(4, "0")}`
    : `\\U${hex.padStart(8, "0")}`;
}

/** A string as Python's `repr()` shows it. */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(ESCAPED, escape);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) +
    quote;
}

/** A tuple as Python shows it. */
export function reprTuple(items: readonly string[]): string {
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
}

/** Order of two strings by code points. Negative, 0 or positive. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let k = 0; k < end; k++) {
    if (a[k] === b[k]) continue;
    return a.codePointAt(k)! - b.codePointAt(k)!;
  }
  return a.length - b.length;
}
