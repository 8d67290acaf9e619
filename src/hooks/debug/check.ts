/**
 * What the hooks look at before they act: thread state, address, block.
 *
 * ## Threads
 *   Reads only, until something is wrong; then as `verdict.ts`.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_DebugCheckAddress(),
 * _PyMem_DebugCheckGIL(), _PyMem_DebugRawMalloc() and their kin.
 *
 * @module
 */

import { PointerError, show } from "../../errors.ts";
import * as DebugBlock from "../../layout/debug_block.ts";
import * as Header from "../../layout/header.ts";
import { NAMES } from "../../domains/mod.ts";
import type { Address } from "../../memory/mod.ts";
import * as Block from "./block.ts";
import type { DebugAllocApi } from "./debug_alloc_api.ts";
import * as Owners from "./owners.ts";
import * as Report from "./report.ts";
import * as Verdict from "./verdict.ts";

const { HEADER, TAIL } = DebugBlock;

/**
 * Makes sure that a thread state is attached.
 *
 * @param func Name of the C function, for the text.
 * @throws {FatalError} If there is none.
 */
export function requireThread(api: DebugAllocApi, func: string): void {
  if (api.route.isAttached) return;
  const text = api.m.build === Header.BUILD_GIL
    ? "Python memory allocator called without holding the GIL" // verbatim
    : "Python memory allocator called without an active thread state. Are " +
      "you trying to call it inside of a Py_BEGIN_ALLOW_THREADS block?";
  Verdict.fatal(api.m, `${func}: ${text}`);
}

/** True if header and data of a block of the hooks may be at an address. */
function isInside(api: DebugAllocApi, p: Address): boolean {
  return p >= HEADER && p + TAIL <= Block.endOf(api.m);
}

/** Throws because nothing of the hooks can be at an address. */
function refuse(api: DebugAllocApi, verb: string, p: Address): never {
  throw new PointerError(
    `Cannot ${verb} ${show(p)} in the ${NAMES[api.domain]} domain: no block ` +
      "of the debug hooks can be there",
  );
}

/** What is wrong, in CPython's words. */
function textOf(api: DebugAllocApi, p: Address, fault: number): string {
  if (fault === Block.BAD_LEADING) return "bad leading pad byte"; // verbatim
  if (fault === Block.BAD_TRAILING) return "bad trailing pad byte"; // verbatim
  const [was, is] = [Block.idAt(api.m, p), api.id].map(Report.charOf);
  return `bad ID: Allocated using API '${was}', verified using API '${is}'`;
}

/** Reports what is wrong with a block. */
function fail(
  api: DebugAllocApi,
  func: string,
  p: Address,
  text: string,
): never {
  const { m } = api;
  const report = Report.block(m, p);
  Verdict.fatal(m, `${func}: ${text}`, report, Owners.describe(m, p - HEADER));
}

/**
 * Makes sure that a block is one of the hooks of this domain, and whole.
 *
 * C: _PyMem_DebugCheckAddress().
 *
 * @param func Name of the C function, for the text.
 * @param verb What is to be done, for the text.
 * @param p Where the data of the block starts. Byte address.
 * @throws {PointerError} If no block can be there at all.
 * @throws {FatalError} If there is none, or it is damaged.
 */
export function checkAddress(
  api: DebugAllocApi,
  func: string,
  verb: string,
  p: Address,
): void {
  if (!Block.isSound(api.m, p, api.idWord)) findFault(api, func, verb, p);
  // Where realloc does not mark what it moves away from, its bytes stay whole.
  if (api.asksState && Owners.isFreed(api.m, p - HEADER)) {
    fail(api, func, p, "block was freed before");
  }
}

/** Throws for what is not sound. */
function findFault(
  api: DebugAllocApi,
  func: string,
  verb: string,
  p: Address,
): never {
  if (!isInside(api, p)) refuse(api, verb, p);
  const fault = Block.faultOf(api.m, p, api.id);
  if (fault === Block.SOUND) refuse(api, verb, p); // but for its alignment
  fail(api, func, p, textOf(api, p, fault));
}

/**
 * Makes sure that a block is one of the hooks of this domain; it may be
 * damaged behind its header.
 *
 * @param verb What is to be done, for the text.
 * @throws {PointerError} If it is none.
 */
export function requireBlock(
  api: DebugAllocApi,
  verb: string,
  p: Address,
): void {
  const isOurs = (p & 15) === 0 && isInside(api, p) &&
    Block.idAt(api.m, p) === api.id;
  if (!isOurs) refuse(api, verb, p);
}
