/**
 * What a worker has learned from shared memory in its current step: enough to
 * run the step again up to the same place.
 *
 * A log is a chain of immutable nodes, so that to go back is to point to an
 * earlier node. The hash of a node stands for the place in the code and all
 * local variables there.
 *
 * @module
 */

import { mix1, mix2, value1, value2 } from "./hash.ts";

/** Node: the result of an access. */
export const VALUE = 0;
/** Node: the result of a whole call. */
export const CALL = 1;
/** Node: the head of a loop. */
export const LOOP = 2;

/** See the head of this file. */
export class Node {
  /** The node before, or null for the start of the step. */
  readonly prev: Node | null;
  /** {@linkcode VALUE}, {@linkcode CALL} or {@linkcode LOOP}. */
  readonly kind: number;
  /** Function and depth of a call, place of a loop. */
  readonly tag: number;
  /** The result. */
  readonly value: unknown;
  /** Hash, first lane. */
  readonly h1: number;
  /** Hash, second lane. */
  readonly h2: number;
  /** Nodes up to this one. */
  readonly length: number;

  /** A node with all its fields. */
  constructor(
    prev: Node | null,
    kind: number,
    tag: number,
    value: unknown,
    h1: number,
    h2: number,
  ) {
    this.prev = prev;
    this.kind = kind;
    this.tag = tag;
    this.value = value;
    this.h1 = h1;
    this.h2 = h2;
    this.length = prev === null ? 0 : prev.length + 1;
  }
}

/** The start of a step. */
export const ROOT: Node = new Node(null, VALUE, 0, 0, 0x6a09e667, 0xbb67ae85);

/** A log with the result of an access. */
export function withValue(log: Node, value: unknown): Node {
  const h1 = value1(log.h1, value);
  return new Node(log, VALUE, 0, value, h1, value2(log.h2, value));
}

/** A log with the result of a call that began at `mark`. */
export function withCall(mark: Node, tag: number, value: unknown): Node {
  const h1 = value1(mix1(mark.h1, tag ^ 0x40000000), value);
  const h2 = value2(mix2(mark.h2, tag ^ 0x40000000), value);
  return new Node(mark, CALL, tag, value, h1, h2);
}

/** Nodes among which the same loop head is looked for. Count. */
const LOOK_BACK = 24;

/**
 * A log at the head of a loop of a function that began at `mark`. What
 * happened since then is known by the values of the variables; if they were
 * the same a little before, that earlier log will do and is shorter.
 */
export function withLoop(
  log: Node,
  mark: Node,
  tag: number,
  values: readonly unknown[],
): Node {
  let h1 = mix1(mark.h1, tag ^ 0x20000000);
  let h2 = mix2(mark.h2, tag ^ 0x20000000);
  for (let k = 0; k < values.length; k++) {
    h1 = value1(h1, values[k]);
    h2 = value2(h2, values[k]);
  }
  let left = LOOK_BACK;
  for (let at = log; at !== mark && left > 0; at = at.prev!, left--) {
    if (at.kind === LOOP && at.h1 === h1 && at.h2 === h2) return at;
  }
  return new Node(log, LOOP, tag, 0, h1, h2);
}
