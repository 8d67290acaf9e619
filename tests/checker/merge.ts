/**
 * What generated code calls where calls and loops begin and end: that is how
 * states are merged.
 *
 * @module
 */

import { SUSPEND } from "./actions.ts";
import { CALL, LOOP, type Node, ROOT, withCall, withLoop } from "./log.ts";
import { machine as M } from "./machine.ts";

function nodeHere(): Node {
  if (!M.replaying) return M.log;
  return M.pos === 0 ? ROOT : M.buffer[M.pos - 1];
}

/** A call begins. Returns true if its result is known. */
export function __enter(id: number): boolean {
  if (M.direct) return false;
  const tag = id + (M.marks.length << 16);
  if (M.pos < M.end) {
    const node = M.buffer[M.pos];
    if (node.kind === CALL && node.tag === tag) {
      M.pos++;
      M.result = node.value;
      return true;
    }
  }
  if (!M.replaying) M.forgetTimes();
  M.marks.push(nodeHere());
  M.tags.push(tag);
  return false;
}

/** The result that {@linkcode __enter} found. */
// deno-lint-ignore no-explicit-any
export function __value(): any {
  return M.result;
}

/** A call ends. */
export function __leave<T>(value: T): T {
  if (M.direct) return value;
  const mark = M.marks.pop()!;
  const tag = M.tags.pop()!;
  if (!M.replaying && M.log !== mark) M.log = withCall(mark, tag, value);
  return value;
}

/** A loop begins once more. */
export function __it(site: number, values: unknown[]): void {
  if (M.direct) return;
  if (M.replaying) {
    if (M.pos < M.end && M.buffer[M.pos].kind === LOOP) M.pos++;
    return;
  }
  M.log = withLoop(M.log, M.marks[M.marks.length - 1], site, values);
}

/** How many calls have begun and not ended. */
export function __depth(): number {
  return M.marks.length;
}

/** Something was caught: not if it is a suspension. */
export function __caught(error: unknown, depth: number): void {
  if (error === SUSPEND || M.unwinding) throw error;
  if (M.direct) return;
  M.marks.length = depth;
  M.tags.length = depth;
}
