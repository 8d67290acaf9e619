/**
 * What is looked at in each new state: races, invariants, the end.
 *
 * @module
 */

import * as Moves from "./moves.ts";
import { nameOf } from "./hooks.ts";
import type { Machine } from "./machine.ts";
import * as Sharing from "./sharing.ts";
import * as W from "./worker.ts";
import type { Pending, Segment, WorkerState } from "./worker.ts";
import type { Finding } from "./model.ts";

/** Something that is wrong. */
export interface Fault {
  /** Kind of the check. */
  readonly kind: Finding["kind"];
  /** What happened. */
  readonly text: string;
}

/** What is wrong in the state that was just reached, or undefined. */
export function faultOf(m: Machine): Fault | undefined {
  if (m.model.races !== false) {
    const race = raceOf(m);
    if (race !== "") return { kind: "race", text: race };
  }
  const text = m.model.invariant?.(m.world);
  return text ? { kind: "invariant", text } : undefined;
}

/** What is wrong if nothing can move, or undefined. */
export function faultAtEnd(m: Machine): Fault | undefined {
  if (!Moves.isTerminal(m)) return { kind: "deadlock", text: stuckText(m) };
  const final = m.model.final;
  if (!final) return undefined;
  const text = m.inspect((world) => final.call(m.model, world));
  return text ? { kind: "final", text } : undefined;
}

/** Two accesses that could happen at once, one of them plain, one a write. */
function raceOf(m: Machine): string {
  for (let a = 0; a < m.count; a++) {
    const mine = m.workers[a];
    for (let b = 0; b < m.count; b++) {
      const other = m.workers[b];
      if (a === b) continue;
      let text = "";
      if (mine.segment !== null) {
        if (a < b && other.segment !== null) {
          text = betweenSegments(m, a, mine.segment, b, other.segment);
        }
        if (text === "" && other.status === W.READY) {
          text = withPending(m, a, mine.segment, b, other.pending);
        }
      }
      if (text === "" && mine.status === W.READY && isPlain(m, mine.pending)) {
        text = betweenPending(m, a, mine.pending, b, other);
      }
      if (text !== "") return text;
    }
  }
  return "";
}

/** Whether an operation is a plain access to a word with hints. */
function isPlain(m: Machine, pending: Pending): boolean {
  return (pending.op === W.READ || pending.op === W.WRITE) &&
    m.sharing.uses[pending.at] === Sharing.HINTED;
}

function betweenPending(
  m: Machine,
  a: number,
  mine: Pending,
  b: number,
  state: WorkerState,
): string {
  const other = state.pending;
  if (state.status !== W.READY || other.at < 0) return "";
  if (other.op === W.HINT || other.op === W.NOTIFY) return "";
  const isApart = other.at >= mine.at + mine.span ||
    mine.at >= other.at + other.span;
  if (isApart || (!isWrite(m, mine) && !isWrite(m, other))) return "";
  return text(m, mine.at, a, mine.site, b, other.site);
}

function isWrite(m: Machine, pending: Pending): boolean {
  const { op, at, a } = pending;
  if (op === W.CAS) return m.store.words[at] === (a | 0);
  return op === W.WRITE || (op >= W.STORE && op < W.CAS);
}

function betweenSegments(
  m: Machine,
  a: number,
  first: Segment,
  b: number,
  second: Segment,
): string {
  return writesAgainst(m, a, first, b, second) ||
    writesAgainst(m, b, second, a, first);
}

/** Writes of one segment against all accesses of another. */
function writesAgainst(
  m: Machine,
  a: number,
  first: Segment,
  b: number,
  second: Segment,
): string {
  for (let k = 0; k < first.at.length; k++) {
    const at = first.at[k];
    const mask = first.masks[k];
    for (let j = 0; j < second.at.length; j++) {
      if (second.at[j] === at && (second.masks[j] & mask) !== 0) {
        return text(m, at, a, first.sites[k], b, second.sites[j]);
      }
    }
    for (let j = 0; j < second.reads.length; j++) {
      if (second.reads[j] === at && (second.readMasks[j] & mask) !== 0) {
        return text(m, at, a, first.sites[k], b, second.readSites[j]);
      }
    }
  }
  return "";
}

function withPending(
  m: Machine,
  a: number,
  segment: Segment,
  b: number,
  pending: Pending,
): string {
  const { op, at, span } = pending;
  if (at < 0 || op === W.HINT || op === W.NOTIFY || op === W.READ) return "";
  if (op === W.WRITE) return "";
  for (let k = 0; k < segment.at.length; k++) {
    if (segment.at[k] >= at && segment.at[k] < at + span) {
      return text(m, at, a, segment.sites[k], b, pending.site);
    }
  }
  if (!isWrite(m, pending)) return "";
  for (let k = 0; k < segment.reads.length; k++) {
    if (segment.reads[k] >= at && segment.reads[k] < at + span) {
      return text(m, at, a, segment.readSites[k], b, pending.site);
    }
  }
  return "";
}

function text(
  m: Machine,
  at: number,
  a: number,
  siteA: number,
  b: number,
  siteB: number,
): string {
  return `race on ${nameOf(at)}: worker ${a} at ${place(m, siteA)}, ` +
    `worker ${b} at ${place(m, siteB)}`;
}

/** A place in the source, as `file:line`. */
export function place(m: Machine, site: number): string {
  const found = site < 0 ? undefined : m.lib.sites[site >> 1];
  return found ? `${found.path}:${found.line}` : "the model";
}

/** Who is stuck where. */
function stuckText(m: Machine): string {
  const parts = m.workers.flatMap((state, k) => {
    if (state.status === W.DONE || state.status === W.DEAD) return [];
    const name = m.scripts[k][state.step].name;
    if (state.status === W.GUARDED) {
      return [`worker ${k} waits for its step "${name}"`];
    }
    const at = nameOf(state.pending.at);
    return [
      `worker ${k} sleeps on ${at} at ${
        place(m, state.pending.site)
      } in "${name}"`,
    ];
  });
  return `nobody can move: ${parts.join("; ")}`;
}
