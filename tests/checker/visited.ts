/**
 * The set of states that were visited: an open hash table of 64-bit hashes.
 *
 * Each state has a number, in order of arrival, and a byte: the most
 * preemptions that were left when it was reached.
 *
 * @module
 */

/** See the head of this file. */
export class Visited {
  /** Number of states. */
  size = 0;
  /** Number of the state that `visit` was called with last. */
  last = 0;
  #mask = (1 << 16) - 1;
  #keys = new Int32Array(2 << 16);
  #ids = new Int32Array(1 << 16);
  #left = new Uint8Array(1 << 16);

  /**
   * Adds a state. Returns false if it is known, and was reached before with at
   * least as many preemptions left.
   */
  visit(h1: number, h2: number, left: number): boolean {
    if (h1 === 0 && h2 === 0) h2 = 1;
    let at = h1 & this.#mask;
    for (;;) {
      const k1 = this.#keys[2 * at];
      const k2 = this.#keys[2 * at + 1];
      if (k1 === 0 && k2 === 0) break;
      if (k1 === h1 && k2 === h2) {
        this.last = this.#ids[at];
        if (this.#left[at] >= left) return false;
        this.#left[at] = left;
        return true;
      }
      at = (at + 1) & this.#mask;
    }
    this.#keys[2 * at] = h1;
    this.#keys[2 * at + 1] = h2;
    this.#ids[at] = this.last = this.size++;
    this.#left[at] = left;
    if (this.size * 5 > this.#mask * 3) this.#grow();
    return true;
  }

  #grow(): void {
    const [keys, ids, left] = [this.#keys, this.#ids, this.#left];
    const slots = 2 * (this.#mask + 1);
    this.#mask = slots - 1;
    this.#keys = new Int32Array(2 * slots);
    this.#ids = new Int32Array(slots);
    this.#left = new Uint8Array(slots);
    for (let k = 0; k < ids.length; k++) {
      const h1 = keys[2 * k];
      const h2 = keys[2 * k + 1];
      if (h1 === 0 && h2 === 0) continue;
      let at = h1 & this.#mask;
      while (this.#keys[2 * at] !== 0 || this.#keys[2 * at + 1] !== 0) {
        at = (at + 1) & this.#mask;
      }
      this.#keys[2 * at] = h1;
      this.#keys[2 * at + 1] = h2;
      this.#ids[at] = ids[k];
      this.#left[at] = left[k];
    }
  }
}
