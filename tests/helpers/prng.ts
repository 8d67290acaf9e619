/**
 * Random numbers for tests: those of the stress run, from a seed that the test
 * names. There is no other source of randomness in this repository.
 *
 * @module
 */

import { Random } from "../../src/tools/stress/random.ts";

/** A seeded stream of random numbers. */
export class Prng extends Random {
  /** Shuffles an array in place. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}
