/**
 * Puts the memory of a scenario back to where it was before the first schedule.
 *
 * ## Threads
 *   Used by the worker whose turn it is, between two schedules.
 *
 * @module
 */

/** Ranges of words, first and end, both even. */
export type Ranges = readonly (readonly [number, number])[];

/** A copy of some ranges of a buffer. */
export class Image {
  readonly #copy: BigInt64Array<SharedArrayBuffer>;
  readonly #words: BigInt64Array<SharedArrayBuffer>;
  readonly #ranges: Ranges;

  /** @param copy What {@linkcode Image.copyOf} has made. */
  constructor(
    buffer: SharedArrayBuffer,
    copy: SharedArrayBuffer,
    ranges: Ranges,
  ) {
    this.#words = new BigInt64Array(buffer);
    this.#copy = new BigInt64Array(copy);
    this.#ranges = ranges.map(([from, to]) => [from / 2, to / 2]);
  }

  /** A copy of the buffer from its start to the end of the ranges. */
  static copyOf(buffer: SharedArrayBuffer, ranges: Ranges): SharedArrayBuffer {
    const end = Math.max(...ranges.map(([, to]) => to)) * 4;
    const copy = new SharedArrayBuffer(end);
    new Uint8Array(copy).set(new Uint8Array(buffer, 0, end));
    return copy;
  }

  /** Puts the ranges back. */
  restore(): void {
    for (const [from, to] of this.#ranges) {
      this.#words.set(this.#copy.subarray(from, to), from);
    }
  }

  /** First word before the end of the ranges that is not as it was, or -1. */
  firstChange(): number {
    for (let at = 0; at < this.#copy.length; at++) {
      if (this.#words[at] !== this.#copy[at]) return at * 2;
    }
    return -1;
  }
}
