/**
 * Hashes of two times 32 bits: of memory words, of logs, of states.
 *
 * A state is known by 64 bits. Two different states that share them would be
 * taken for one: with 30 million states the odds are about 3 in 100,000, and a
 * run with another seed squares them.
 *
 * @module
 */

/** Adds a value to a hash, first lane. */
export function mix1(h: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  h ^= Math.imul(k, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/** Adds a value to a hash, second lane. */
export function mix2(h: number, value: number): number {
  let k = Math.imul(value, 0x239b961b);
  k = (k << 16) | (k >>> 16);
  h ^= Math.imul(k, 0xab0e9789 | 0);
  h = (h << 18) | (h >>> 14);
  return (Math.imul(h, 5) + 0x561ccd1b) | 0;
}

/** Spreads the bits of a hash. */
export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Share of a memory word in the hash of the memory, first lane. */
export function word1(at: number, value: number): number {
  if (value === 0) return 0;
  return finish(Math.imul(at, 0x9e3779b1) ^ mix1(0x2545f491, value));
}

/** Share of a memory word in the hash of the memory, second lane. */
export function word2(at: number, value: number): number {
  if (value === 0) return 0;
  return finish(Math.imul(at, 0x7feb352d) ^ mix2(0x68e31da4, value));
}

const float = new Float64Array(1);
const bits = new Int32Array(float.buffer);
const strings = new Map<string, number>();

/** Adds any value that can stand in a log to a hash, first lane. */
export function value1(h: number, value: unknown): number {
  if (typeof value === "number" && (value | 0) === value) return mix1(h, value);
  split(value);
  return mix1(mix1(mix1(h, bits[0]), bits[1]), KIND[typeof value]);
}

/** Adds any value that can stand in a log to a hash, second lane. */
export function value2(h: number, value: unknown): number {
  if (typeof value === "number" && (value | 0) === value) return mix2(h, value);
  split(value);
  return mix2(mix2(mix2(h, bits[0]), bits[1]), KIND[typeof value]);
}

const KIND: Record<string, number> = {
  number: 1,
  bigint: 2,
  string: 3,
  boolean: 4,
  undefined: 5,
  object: 6,
};

/** Puts a value that is no small number into two words. */
function split(value: unknown): void {
  bits[0] = bits[1] = 0;
  if (typeof value === "number") float[0] = value;
  else if (typeof value === "boolean") bits[0] = value ? 1 : 2;
  else if (typeof value === "string") bits[0] = stringHash(value);
  else if (typeof value === "bigint") {
    bits[0] = Number(BigInt.asIntN(32, value));
    bits[1] = Number(BigInt.asIntN(32, value >> 32n));
  } else if (value === null) bits[0] = 1;
}

function stringHash(text: string): number {
  let known = strings.get(text);
  if (known === undefined) {
    known = 0x811c9dc5 | 0;
    for (let i = 0; i < text.length; i++) {
      known = mix1(known, text.charCodeAt(i));
    }
    strings.set(text, known);
  }
  return known;
}
