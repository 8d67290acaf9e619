/**
 * Random small programs for the self-test, as text of a module.
 *
 * Each has loops, calls, sub-word views and plain accesses; it ends whatever
 * the schedule is. Words 0 to 3 are shared; views of bytes, halves and double
 * words look at the same 16 bytes.
 *
 * @module
 */

import { Prng } from "../helpers/prng.ts";

/** Views that programs are given. */
export const PARAMETERS = "i32: Int32Array<SharedArrayBuffer>, " +
  "u8: Uint8Array<SharedArrayBuffer>, i16: Int16Array<SharedArrayBuffer>, " +
  "b64: BigInt64Array<SharedArrayBuffer>";

/** A program: a function for each worker. */
export interface Program {
  /** Number of workers. */
  readonly workers: number;
}

/** Writes programs. */
class Writer {
  readonly #random: Prng;
  readonly #plain: boolean;
  readonly text: string[] = [];

  constructor(random: Prng, plain: boolean) {
    this.#random = random;
    this.#plain = plain;
  }

  #word(): number {
    return this.#random.below(3);
  }

  #value(): number {
    return this.#random.below(3);
  }

  /** One statement that changes `x`. */
  statement(depth: number): string {
    const at = this.#word();
    const value = this.#value();
    const plain = [
      `x += i32[${at}];`,
      `i32[${at}] = x + ${value};`,
      `i32[${at}]++;`,
      `u8[${at * 4 + 1}] = ${value};`,
      `x += u8[${at * 4}]++;`,
      `i16[${at * 2}] += ${value};`,
      `x += Number(b64[0] & 7n);`,
    ];
    const atomic = [
      `x += Atomics.load(i32, ${at});`,
      `Atomics.store(i32, ${at}, x);`,
      `x = Atomics.add(i32, ${at}, ${value});`,
      `Atomics.sub(i32, ${at}, 1);`,
      `x ^= Atomics.exchange(i32, ${at}, ${value});`,
      `if (Atomics.compareExchange(i32, ${at}, ${value}, x) === ${value}) x++;`,
      `x += Atomics.or(u8, ${at * 4 + 2}, ${value});`,
      `x += Atomics.add(i16, ${at * 2 + 1}, 1);`,
      `x += Number(Atomics.exchange(b64, 0, ${value}n) & 3n);`,
      `if (Atomics.wait(i32, ${at}, ${value}, 1) === "ok") x += 8;`,
      `Atomics.notify(i32, ${at});`,
      `for (let k = 0; k < 2; k++) {
        if (Atomics.compareExchange(i32, ${at}, k, x) === k) break;
        Atomics.pause();
      }`,
      `x = helper(i32, ${at}, x);`,
      `if ((Atomics.load(i32, ${at}) & 1) !== 0) { ${
        depth > 0 ? this.statement(depth - 1) : "x++;"
      } }`,
    ];
    return this.#random.pick(this.#plain ? [...plain, ...atomic] : atomic);
  }

  worker(name: string, statements: number): void {
    const body = Array.from({ length: statements }, () => this.statement(1));
    this.text.push(
      `export function ${name}(${PARAMETERS}): number {`,
      "  let x = 0;",
      ...body.map((line) => "  " + line),
      "  return x & 255;",
      "}",
    );
  }
}

const HELPER = `/** A call that leaves no trace but in memory. @module */
function helper(i32: Int32Array<SharedArrayBuffer>, at: number, x: number): number {
  let seen = Atomics.load(i32, at);
  while (seen < 2) {
    const old = seen;
    seen = Atomics.compareExchange(i32, at, old, old + 2);
    if (seen === old) return seen;
    x = 1;
  }
  return seen > 2 ? x : 3;
}
`;

/** Text of a module with programs, and how many workers each has. */
export function write(
  seed: number,
  count: number,
  plain: boolean,
): { text: string; programs: Program[] } {
  const random = new Prng(seed);
  const writer = new Writer(random, plain);
  const programs: Program[] = [];
  for (let k = 0; k < count; k++) {
    const workers = 2 + random.below(2);
    for (let w = 0; w < workers; w++) {
      const most = workers === 2 ? 6 : 3;
      writer.worker(`p${k}w${w}`, 1 + random.below(most));
    }
    programs.push({ workers });
  }
  return { text: HELPER + writer.text.join("\n") + "\n", programs };
}
