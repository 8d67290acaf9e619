/**
 * Random numbers of the stress run: one stream per worker and life, all of
 * them following from the one seed of the run.
 *
 * ## Invariants
 *   R1  the same parts give the same numbers, on every machine
 *   R2  streams of different parts do not run into one another: the state has
 *       128 bits, of which 32 count (sfc32 by Chris Doty-Humphrey, PractRand)
 *
 * ## Threads
 *   Of one worker alone; nothing here is shared.
 *
 * @module
 */

/**
 * Scatters the bits of a word; the finaliser of MurmurHash3.
 *
 * @param word Any integer of 32 bits.
 * @returns An integer of 32 bits, signed.
 */
export function mix(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** A stream of random numbers, see the head of this file. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param parts What the stream is for, such as seed, shape and worker. */
  constructor(...parts: readonly number[]) {
    let state = 0x6f626d61;
    for (const part of parts) state = mix(state ^ mix(part + 0x9e3779b9));
    this.#a = state;
    this.#b = mix(state ^ 0x5bd1e995);
    this.#c = parts.length;
    for (let warm = 0; warm < 12; warm++) this.next();
  }

  /** The next number: 0 ≤ result < 2^32. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number: 0 ≤ result < `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * 2 ** -32 * bound);
  }

  /** Whether something happens that happens in `percent` of all cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** A whole number whose logarithm is uniform: `low` ≤ result ≤ `high`. */
  logarithmic(low: number, high: number): number {
    const share = this.next() * 2 ** -32;
    return Math.min(high, Math.floor(low * Math.pow((high + 1) / low, share)));
  }
}
