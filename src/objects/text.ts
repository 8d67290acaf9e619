/**
 * JavaScript strings on their way in and out.
 *
 * ## Threads
 *   Writes words of an object that nobody else knows of yet.
 *
 * Source: CPython 3.14 Objects/unicodeobject.c: unicode_repr(),
 * Objects/bytesobject.c: PyBytes_Repr().
 *
 * @module
 */

type Words = Int32Array<SharedArrayBuffer>;

/** All code units of a string in one: below 128, 256 or not. */
export function bitsOf(text: string): number {
  let bits = 0;
  for (let k = 0; k < text.length; k++) bits |= text.charCodeAt(k);
  return bits;
}

/** Surrogate pairs of a string. Count. */
export function countPairs(text: string): number {
  let pairs = 0;
  for (let k = 0; k < text.length; k++) {
    if (text.codePointAt(k)! > 0xffff) {
      pairs++;
      k++;
    }
  }
  return pairs;
}

/** Writes code units below 256, and a 0, as bytes. */
export function write1(i32: Words, at: number, text: string): void {
  const units = text.length;
  const words = units >>> 2;
  for (let word = 0; word < words; word++) {
    const k = word << 2;
    i32[at + word] = text.charCodeAt(k) | (text.charCodeAt(k + 1) << 8) |
      (text.charCodeAt(k + 2) << 16) | (text.charCodeAt(k + 3) << 24);
  }
  let rest = 0;
  for (let k = words << 2; k < units; k++) {
    rest |= text.charCodeAt(k) << ((k & 3) << 3);
  }
  i32[at + words] = rest;
}

/** Writes code units, and a 0, as 2 bytes each. */
export function write2(i32: Words, at: number, text: string): void {
  const units = text.length;
  const words = units >>> 1;
  for (let word = 0; word < words; word++) {
    const k = word << 1;
    i32[at + word] = text.charCodeAt(k) | (text.charCodeAt(k + 1) << 16);
  }
  i32[at + words] = (units & 1) === 0 ? 0 : text.charCodeAt(units - 1);
}

/** Writes code points, and a 0, as 4 bytes each. */
export function write4(i32: Words, at: number, text: string): void {
  let word = at;
  for (let k = 0; k < text.length; k++) {
    const point = text.codePointAt(k)!;
    i32[word++] = point;
    if (point > 0xffff) k++;
  }
  i32[word] = 0;
}

/** A string of code units, of which the engine takes so many at once. */
export function join(units: readonly number[]): string {
  return Reflect.apply(String.fromCharCode, undefined, units);
}

/** Quote that Python puts around a text. */
function quoteFor(text: string): string {
  return text.includes("'") && !text.includes('"') ? '"' : "'";
}

/** Escapes that have a letter. */
const LETTERS: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** A code point as an escape. */
function escape(point: number): string {
  if (point < 0x100) return `\\x${point.toString(16).padStart(2, "0")}`;
  if (point < 0x10000) return `\\u${point.toString(16).padStart(4, "0")}`;
  return `\\U${point.toString(16).padStart(8, "0")}`;
}

/** Characters that are not printed as they are, the space excepted. */
const HIDDEN = /[\p{C}\p{Z}]/u;

/** What Python prints for a str. C: `unicode_repr()`. */
export function repr(text: string): string {
  const quote = quoteFor(text);
  let result = quote;
  for (const char of text) {
    if (char === quote) result += `\\${char}`;
    else if (char in LETTERS) result += LETTERS[char];
    else if (char !== " " && HIDDEN.test(char)) {
      result += escape(char.codePointAt(0)!);
    } else result += char;
  }
  return result + quote;
}

/** What Python prints for bytes. C: `PyBytes_Repr()`. */
export function bytesRepr(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (const byte of bytes) parts.push(String.fromCharCode(byte));
  const quote = quoteFor(parts.join(""));
  const shown = parts.map((char) => {
    if (char === quote) return `\\${char}`;
    if (char in LETTERS) return LETTERS[char];
    return char < " " || char > "~" ? escape(char.charCodeAt(0)) : char;
  });
  return `b${quote}${shown.join("")}${quote}`;
}
